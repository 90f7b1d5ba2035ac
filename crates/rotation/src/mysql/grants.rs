/// A row of `SHOW GRANTS`, without whom it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grant<'a> {
    /// ``GRANT SELECT ON `db`.*``
    rights: &'a str,
    /// The word before whom it is for.
    preposition: &'static str,
    /// Whether they may be handed on.
    with: &'static str,
}

/// What a row grants; nothing for rows that are no grants.
pub(super) fn parse(row: &str) -> Option<Grant<'_>> {
    // A role that is not taken up at login gives an application nothing.
    let preposition = if row.starts_with("GRANT ") {
        " TO "
    } else if row.starts_with("SET DEFAULT ROLE ") {
        " FOR "
    } else {
        return None;
    };
    let rights = row.get(..find(row, preposition)?)?;
    let with = if find(row, " WITH GRANT OPTION").is_some() {
        " WITH GRANT OPTION"
    } else if find(row, " WITH ADMIN OPTION").is_some() {
        " WITH ADMIN OPTION"
    } else {
        ""
    };
    Some(Grant {
        rights,
        preposition,
        with,
    })
}

impl Grant<'_> {
    /// The statement that grants it to another user.
    pub(super) fn to(&self, user: &str) -> String {
        let Self {
            rights,
            preposition,
            with,
        } = self;
        format!("{rights}{preposition}{user}{with}")
    }
}

/// Where `words` stand outside of quotes.
fn find(row: &str, words: &str) -> Option<usize> {
    let mut quote = None;
    for (place, letter) in row.char_indices() {
        match quote {
            Some(end) if letter == end => quote = None,
            Some(_) => {}
            None if matches!(letter, '`' | '\'' | '"') => quote = Some(letter),
            None if row.get(place..).is_some_and(|rest| rest.starts_with(words)) => {
                return Some(place);
            }
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(row: &str, expected: &str) {
        assert_eq!(parse(row).unwrap().to("'b'"), expected);
    }

    #[test]
    fn a_row_is_granted_to_another() {
        check(
            "GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959'",
            "GRANT USAGE ON *.* TO 'b'",
        );
        check(
            "GRANT SELECT, INSERT (`a TO b`) ON `x TO y`.`t` TO `a`@`%` WITH GRANT OPTION",
            "GRANT SELECT, INSERT (`a TO b`) ON `x TO y`.`t` TO 'b' WITH GRANT OPTION",
        );
        check(
            "GRANT USAGE ON *.* TO ` WITH GRANT OPTION`@`%`",
            "GRANT USAGE ON *.* TO 'b'",
        );
        check(
            "GRANT `app ON call` TO `a`@`%` WITH ADMIN OPTION",
            "GRANT `app ON call` TO 'b' WITH ADMIN OPTION",
        );
        check(
            "SET DEFAULT ROLE `r FOR s` FOR `a`@`%`",
            "SET DEFAULT ROLE `r FOR s` FOR 'b'",
        );
    }

    #[test]
    fn other_rows_grant_nothing() {
        assert_eq!(parse("REVOKE SELECT ON *.* FROM `a`@`%`"), None);
    }
}
