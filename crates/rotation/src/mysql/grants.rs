/// A row of `SHOW GRANTS`, without whom it is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Grant<'a> {
    /// ``GRANT SELECT ON `db`.*``
    rights: &'a str,
    /// Whether they may be handed on.
    with: Option<&'static str>,
    role: bool,
}

/// What a row grants; nothing for rows that are no grants.
pub(super) fn parse(row: &str) -> Option<Grant<'_>> {
    if !row.starts_with("GRANT ") {
        return None;
    }
    let rights = row.get(..find(row, " TO ")?)?;
    let role = find(rights, " ON ").is_none();
    let with = if find(row, " WITH GRANT OPTION").is_some() {
        Some(" WITH GRANT OPTION")
    } else if find(row, " WITH ADMIN OPTION").is_some() {
        Some(" WITH ADMIN OPTION")
    } else {
        None
    };
    Some(Grant { rights, with, role })
}

impl Grant<'_> {
    /// Whether it makes the user a member of a role.
    pub(super) fn is_of_role(&self) -> bool {
        self.role
    }

    /// The statement that grants it to another user.
    pub(super) fn to(&self, user: &str, identified: &str) -> String {
        let with = self.with.unwrap_or_default();
        format!("{} TO {user}{identified}{with}", self.rights)
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
        assert_eq!(
            parse(row).unwrap().to("'b'", " IDENTIFIED BY 'x'"),
            expected
        );
    }

    #[test]
    fn a_row_is_granted_to_another() {
        check(
            "GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959'",
            "GRANT USAGE ON *.* TO 'b' IDENTIFIED BY 'x'",
        );
        check(
            "GRANT SELECT, INSERT (`a TO b`) ON `x TO y`.`t` TO `a`@`%` WITH GRANT OPTION",
            "GRANT SELECT, INSERT (`a TO b`) ON `x TO y`.`t` TO 'b' IDENTIFIED BY 'x' WITH GRANT \
             OPTION",
        );
        check(
            "GRANT USAGE ON *.* TO ` WITH GRANT OPTION`@`%`",
            "GRANT USAGE ON *.* TO 'b' IDENTIFIED BY 'x'",
        );
    }

    #[test]
    fn roles_are_told_apart() {
        assert!(
            parse("GRANT `app ON call` TO `a`@`%`")
                .unwrap()
                .is_of_role()
        );
        assert!(
            !parse("GRANT PROXY ON 'x'@'%' TO 'a'@'%'")
                .unwrap()
                .is_of_role()
        );
        assert_eq!(parse("SET DEFAULT ROLE `r` FOR `a`@`%`"), None);
    }
}
