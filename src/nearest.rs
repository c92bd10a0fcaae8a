//! The nearest known word: "did you mean …?" for error messages.
//!
//! Distance is Damerau and Levenshtein's in its restricted form (insertions, deletions,
//! replacements and swaps of neighbours each cost 1), which is what typing errors look like.

/// The known word nearest to `word`, if one is near enough to be meant.
///
/// Near enough: at most a third of the longer word is wrong, but one or two letters always may be.
/// Among equally near words the first one wins. Upper and lower case count as equal.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        let distance = distance(word, candidate);
        let longer = word.chars().count().max(candidate.chars().count());
        let near_enough = distance <= (longer / 3).max(2) && distance < longer;
        if near_enough && best.is_none_or(|(shortest, _)| distance < shortest) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?` where a near word is known, else nothing: the end of an error message.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    // Three rows of the usual table: the swap looks two rows back.
    let mut before_last = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, &a) in left.iter().enumerate() {
        let mut row = vec![i + 1; right.len() + 1];
        for (j, &b) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a == right[j - 1] && left[i - 1] == b;
            if swapped {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["timeout_ms", "retry", "circuit_breaker", "users"];

    #[test]
    fn finds_typing_errors() {
        for (typed, meant) in [
            ("timeout", Some("timeout_ms")),
            ("rtery", Some("retry")),
            ("Circuit-Breaker", Some("circuit_breaker")),
            ("user", Some("users")),
        ] {
            assert_eq!(nearest(typed, KNOWN.into_iter()), meant, "{typed}");
        }
    }

    #[test]
    fn stays_silent_when_nothing_is_near() {
        assert_eq!(nearest("database", KNOWN.into_iter()), None);
        assert_eq!(nearest("", KNOWN.into_iter()), None);
        assert_eq!(nearest("x", ["y"].into_iter()), None);
        assert_eq!(did_you_mean("database", KNOWN.into_iter()), "");
    }

    #[test]
    fn a_swap_costs_one() {
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
