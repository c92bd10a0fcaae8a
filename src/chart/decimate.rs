//! At most two points per pixel column: the lowest and the highest.
//!
//! Drawing more costs time and shows nothing (ten thousand points in four charts: 245 ms a frame),
//! drawing every n-th hides short spikes. The lowest and the highest keep the silhouette.

/// A point in device pixels.
pub type Point = (i32, i32);

/// Keeps of each run of consecutive points in one column, `column` device pixels wide, the lowest
/// and the highest, in the order in which they came. Points must come from left to right.
pub fn decimate(points: impl IntoIterator<Item = Point>, column: u32) -> Vec<Point> {
    let mut kept = Vec::new();
    let mut current: Option<Column> = None;
    for (place, point) in points.into_iter().enumerate() {
        let number = point.0.div_euclid(column.max(1) as i32);
        match &mut current {
            Some(column) if column.number == number => column.add(place, point),
            _ => {
                if let Some(column) = current.replace(Column::new(number, place, point)) {
                    column.emit(&mut kept);
                }
            }
        }
    }
    if let Some(column) = current {
        column.emit(&mut kept);
    }
    kept
}

/// The lowest and the highest point of a column, each with its place in the order.
struct Column {
    number: i32,
    lowest: (usize, Point),
    highest: (usize, Point),
}

impl Column {
    fn new(number: i32, place: usize, point: Point) -> Column {
        Column { number, lowest: (place, point), highest: (place, point) }
    }

    fn add(&mut self, place: usize, point: Point) {
        if point.1 < self.lowest.1.1 {
            self.lowest = (place, point);
        }
        if point.1 > self.highest.1.1 {
            self.highest = (place, point);
        }
    }

    fn emit(self, kept: &mut Vec<Point>) {
        let (first, second) = match self.lowest.0 <= self.highest.0 {
            true => (self.lowest, self.highest),
            false => (self.highest, self.lowest),
        };
        kept.push(first.1);
        if second.0 != first.0 {
            kept.push(second.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn few_points_are_all_kept() {
        let points = [(0, 5), (3, 4), (9, 1)];
        assert_eq!(decimate(points, 2), points);
        assert_eq!(decimate([], 2), []);
    }

    #[test]
    fn the_order_within_a_column_is_kept() {
        assert_eq!(decimate([(0, 5), (0, 9), (1, 2), (1, 4)], 2), [(0, 9), (1, 2)]);
        assert_eq!(decimate([(0, 5), (0, 2), (1, 9), (1, 4)], 2), [(0, 2), (1, 9)]);
        assert_eq!(decimate([(0, 5), (1, 5)], 2), [(0, 5)]);
    }

    #[test]
    fn the_lowest_and_the_highest_of_every_column_are_kept() {
        let noise = |index: i32| (index.wrapping_mul(40_503) >> 3) % 997;
        let points: Vec<Point> = (0..10_000).map(|index| (index / 9, noise(index))).collect();
        let kept = decimate(points.iter().copied(), 2);
        let extremes = |points: &[Point]| {
            let mut columns: BTreeMap<i32, (i32, i32)> = BTreeMap::new();
            for &(x, y) in points {
                let (lowest, highest) = columns.entry(x / 2).or_insert((y, y));
                (*lowest, *highest) = ((*lowest).min(y), (*highest).max(y));
            }
            columns
        };
        assert_eq!(extremes(&kept), extremes(&points));
        assert!(kept.len() <= 2 * 1_112_usize.div_ceil(2));
        assert!(kept.is_sorted_by_key(|point| point.0));
    }
}
