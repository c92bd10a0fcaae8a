//! The nearest known word: "did you mean …?" for error messages.
//!
//! Distance is Damerau and Levenshtein's in its restricted form (insertions, deletions,
//! replacements and swaps of neighbours each cost 1), which is what typing errors look like.

use std::mem;

/// The known word nearest to `word`, if one is near enough to be meant.
///
/// Near enough: at most a third of the longer word is wrong, but one or two letters always may be.
/// Among equally near words the first one wins. Upper and lower case count as equal.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (letters, length) = (lowercase(word), word.chars().count());
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        let longer = length.max(candidate.chars().count());
        let most = (longer / 3).max(2);
        let other = lowercase(candidate);
        // So many letters have no partner; most candidates need no closer look.
        if letters.len().abs_diff(other.len()) > most {
            continue;
        }
        let distance = distance(&letters, &other);
        let near_enough = distance <= most && distance < longer;
        if near_enough && best.is_none_or(|(shortest, _)| distance < shortest) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn lowercase(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).collect()
}

/// `; did you mean "x"?` where a near word is known, else nothing: the end of an error message.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

fn distance(left: &[char], right: &[char]) -> usize {
    // Three rows of the usual table: the swap looks two rows back.
    let mut before_last = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    let mut row = vec![0; right.len() + 1];
    for (i, &a) in left.iter().enumerate() {
        row[0] = i + 1;
        for (j, &b) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a == right[j - 1] && left[i - 1] == b;
            if swapped {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        mem::swap(&mut before_last, &mut last);
        mem::swap(&mut last, &mut row);
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
        let distance = |one, other| distance(&lowercase(one), &lowercase(other));
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
