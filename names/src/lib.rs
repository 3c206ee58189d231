//! Says whether a name has anything that can be seen. The game server's rules, circuits and the relay's observers refuse other names.
//! The page shows names by the same rules (`www/src/names.js`); the tests of both have the same names.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, JoinControl};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Blank, although Unicode counts it as a symbol: the pattern of Braille without dots.
const BRAILLE_BLANK: char = '\u{2800}';
/// Tag characters, which spell a flag after 🏴. They show nothing by themselves.
const TAGS: std::ops::RangeInclusive<char> = '\u{e0000}'..='\u{e007f}';

/// Say whether something of a text can be seen: anything except spaces, marks, format characters and blank letters.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(shows)
}

/// Say whether a text has characters that [`without_unseen`] removes.
pub fn has_unseen(text: &str) -> bool {
    text.chars().any(is_unseen)
}

/// Remove invisible characters that may do harm: control characters, changes of the writing direction, zero-width spaces.
/// Joiners stay, because languages and emoji need them.
pub fn without_unseen(text: &str) -> String {
    text.chars().filter(|&letter| !is_unseen(letter)).collect()
}

fn shows(letter: char) -> bool {
    use GeneralCategory as Category;
    let is_blank = matches!(
        category(letter),
        Category::SpaceSeparator
            | Category::LineSeparator
            | Category::ParagraphSeparator
            | Category::Control
            | Category::Format
            | Category::Surrogate
            | Category::PrivateUse
            | Category::Unassigned
            | Category::NonspacingMark
            | Category::SpacingMark
            | Category::EnclosingMark
    );
    !is_blank && !is_ignorable(letter) && letter != BRAILLE_BLANK
}

fn is_unseen(letter: char) -> bool {
    let joins = CodePointSetData::new::<JoinControl>().contains(letter);
    let is_format = category(letter) == GeneralCategory::Format && is_ignorable(letter);
    letter.is_control() || (is_format && !joins && !TAGS.contains(&letter))
}

fn category(letter: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(letter)
}

fn is_ignorable(letter: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in `www/test/names.test.js`.
    #[test]
    fn a_name_without_a_visible_letter_is_not_visible() {
        for name in [
            "",
            " ",
            "\u{200b}",
            "\u{2060}\u{200d}",
            "\u{a0} ",
            "\u{3164}",
            "\u{2800}\u{2800}",
            "\u{301}",
            "\n\t",
            "\u{202e}\u{2066}",
            "\u{feff}",
            "\u{115f}\u{1160}\u{ffa0}",
            "\u{ad}\u{34f}\u{61c}\u{180e}\u{fe0f}",
            "\u{e0067}\u{e007f}",
            "\u{e000}",
            "\u{378}",
        ] {
            assert!(!is_visible(name), "{name:?}");
        }
    }

    #[test]
    fn names_of_all_languages_are_visible_and_stay_as_they_are() {
        let family = "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}\u{1f3c1}";
        let wales = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
        for name in [
            "Zoë",
            "O'Neill",
            "Li Wei",
            "שלום",
            "नमस्ते",
            "Nguyễn",
            "می\u{200c}خواهم",
            "7",
            "?",
            family,
            wales,
        ] {
            assert!(is_visible(name), "{name}");
            assert_eq!(without_unseen(name), name);
        }
    }

    #[test]
    fn what_turns_the_writing_direction_is_taken_out() {
        assert_eq!(without_unseen("\u{202e}ev\u{200b}il\u{2069}\u{7}"), "evil");
        assert_eq!(without_unseen("\u{feff}A\u{ad}B"), "AB");
    }
}
