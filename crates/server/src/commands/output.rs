//! What a command prints. Whoever reads it may have gone (`strongroom … |
//! head`); a command does its work all the same.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// A line on standard output.
pub(super) fn say(line: impl Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line on standard error, with the program's name.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "strongroom: {line}");
}

/// What somebody else wrote, for a terminal: control characters, which could
/// steer it, are shown and not sent, but for line feeds and tabs.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Rows under their heads, columns aligned.
pub(super) fn table<const COLUMNS: usize>(
    heads: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> String {
    let mut widths = heads.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; COLUMNS]| {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let lines = rows
        .iter()
        .map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(heads))
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(
            harmless("a\tb\n\u{1b}]0;c\u{7}\r\0\u{9b}2J é"),
            "a\tb\n\\u{1b}]0;c\\u{7}\\r\\u{0}\\u{9b}2J é"
        );
    }

    #[test]
    fn columns_are_aligned() {
        let rows = [
            ["a".to_owned(), "longer".to_owned()],
            ["bcdé".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["ID", "NAME"], &rows),
            "ID    NAME\na     longer\nbcdé"
        );
    }
}
