use std::collections::BTreeMap;

use crate::Template;

/// Environment variables of a function, as AWS's templates read them.
///
/// Source: the rotation function templates, and Secrets Manager User Guide,
/// "Customize a rotation function".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

/// What a new password is like.
///
/// Source: Secrets Manager API Reference, GetRandomPassword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// Characters.
    pub length: u32,
    /// Characters that must not appear.
    pub exclude_characters: String,
    /// No `a` to `z`.
    pub exclude_lowercase: bool,
    /// No `0` to `9`.
    pub exclude_numbers: bool,
    /// None of the 32 ASCII punctuation characters.
    pub exclude_punctuation: bool,
    /// No `A` to `Z`.
    pub exclude_uppercase: bool,
    /// At least one of each class that is not excluded.
    pub require_each_included_type: bool,
}

const EXCLUDE_CHARACTERS: &str = "EXCLUDE_CHARACTERS";
const EXCLUDE_LOWERCASE: &str = "EXCLUDE_LOWERCASE";
const EXCLUDE_NUMBERS: &str = "EXCLUDE_NUMBERS";
const EXCLUDE_PUNCTUATION: &str = "EXCLUDE_PUNCTUATION";
const EXCLUDE_UPPERCASE: &str = "EXCLUDE_UPPERCASE";
const PASSWORD_LENGTH: &str = "PASSWORD_LENGTH";
const REQUIRE_EACH_INCLUDED_TYPE: &str = "REQUIRE_EACH_INCLUDED_TYPE";
/// Of the template for alternating users of MySQL alone.
const USERNAME_CHARACTER_LIMIT: &str = "USERNAME_CHARACTER_LIMIT";
/// What every template reads.
const OF_ALL: [&str; 7] = [
    EXCLUDE_CHARACTERS,
    EXCLUDE_LOWERCASE,
    EXCLUDE_NUMBERS,
    EXCLUDE_PUNCTUATION,
    EXCLUDE_UPPERCASE,
    PASSWORD_LENGTH,
    REQUIRE_EACH_INCLUDED_TYPE,
];
/// The longest password that GetRandomPassword makes, in characters.
///
/// Source: Secrets Manager API Reference, GetRandomPassword.
const LONGEST_PASSWORD: u32 = 4096;
/// The longest user name that MySQL takes, in characters.
///
/// Source: MySQL Reference Manual, "Account User Names and Passwords".
const LONGEST_USERNAME: usize = 32;

impl Environment {
    /// The environment of a template's function.
    ///
    /// # Errors
    /// In words, where the template reads no variable of a name, or makes
    /// nothing of its value.
    pub fn of(
        template: Template,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, String> {
        let mut names = OF_ALL.to_vec();
        if template.reads_username_limit() {
            names.push(USERNAME_CHARACTER_LIMIT);
        }
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        for (name, value) in &variables {
            let understood = match name.as_str() {
                unknown if !names.contains(&unknown) => {
                    return Err(format!(
                        "{} reads no environment variable {name}: it reads {}",
                        template.name(),
                        names.join(", ")
                    ));
                }
                EXCLUDE_CHARACTERS => true,
                PASSWORD_LENGTH => {
                    number(value).is_some_and(|length| (1..=LONGEST_PASSWORD).contains(&length))
                }
                USERNAME_CHARACTER_LIMIT => number(value)
                    .is_some_and(|limit| (1..=LONGEST_USERNAME).contains(&(limit as usize))),
                _ => truth(value).is_some(),
            };
            if !understood {
                return Err(format!(
                    "the value of the environment variable {name} must be {}",
                    match name.as_str() {
                        PASSWORD_LENGTH => "a number from 1 to 4096",
                        USERNAME_CHARACTER_LIMIT => "a number from 1 to 32",
                        _ => "true or false",
                    }
                ));
            }
        }
        Ok(Self(variables))
    }

    /// What new passwords are like, where the template's own rules are these.
    pub(crate) fn password_rules(&self, length: u32, exclude_characters: &str) -> PasswordRules {
        let is = |name, default| {
            self.get(name)
                .map_or(default, |text| truth(text) == Some(true))
        };
        let characters = self.get(EXCLUDE_CHARACTERS);
        PasswordRules {
            length: self.get(PASSWORD_LENGTH).and_then(number).unwrap_or(length),
            exclude_characters: characters.unwrap_or(exclude_characters).to_owned(),
            exclude_lowercase: is(EXCLUDE_LOWERCASE, false),
            exclude_numbers: is(EXCLUDE_NUMBERS, false),
            exclude_punctuation: is(EXCLUDE_PUNCTUATION, false),
            exclude_uppercase: is(EXCLUDE_UPPERCASE, false),
            require_each_included_type: is(REQUIRE_EACH_INCLUDED_TYPE, true),
        }
    }

    /// The longest user name, in characters, where the database's own limit
    /// is this.
    pub(crate) fn username_limit(&self, limit: usize) -> usize {
        let given = self.get(USERNAME_CHARACTER_LIMIT).and_then(number);
        given.map_or(limit, |given| limit.min(given as usize))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// The templates take all but the first four for false; here what is neither
/// is refused when it is set.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "y" | "yes" => Some(true),
        "false" | "0" | "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(template: Template, variables: &[(&str, &str)]) -> Result<Environment, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment::of(template, variables.iter().map(owned))
    }

    #[test]
    fn what_is_not_set_is_as_in_the_template() {
        let rules = Environment::default().password_rules(20, "/@");
        let expected = PasswordRules {
            length: 20,
            exclude_characters: "/@".to_owned(),
            exclude_lowercase: false,
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            require_each_included_type: true,
        };
        assert_eq!(rules, expected);
    }

    #[test]
    fn each_variable_is_read() {
        let rules = |name, value| {
            let environment = of(Template::PostgreSqlSingleUser, &[(name, value)]).unwrap();
            environment.password_rules(32, "/@")
        };
        assert_eq!(rules("PASSWORD_LENGTH", "64").length, 64);
        assert_eq!(rules("EXCLUDE_CHARACTERS", "").exclude_characters, "");
        assert_eq!(rules("EXCLUDE_CHARACTERS", "abc").exclude_characters, "abc");
        for value in ["true", "TRUE", "1", "y", "Yes"] {
            assert!(rules("EXCLUDE_LOWERCASE", value).exclude_lowercase);
            assert!(rules("EXCLUDE_NUMBERS", value).exclude_numbers);
            assert!(rules("EXCLUDE_PUNCTUATION", value).exclude_punctuation);
            assert!(rules("EXCLUDE_UPPERCASE", value).exclude_uppercase);
        }
        for value in ["false", "False", "0", "n", "no"] {
            assert!(!rules("EXCLUDE_NUMBERS", value).exclude_numbers);
            assert!(!rules("REQUIRE_EACH_INCLUDED_TYPE", value).require_each_included_type);
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (name, value, words) in [
            ("PASSWORD_LENGTH", "0", "a number from 1 to 4096"),
            ("PASSWORD_LENGTH", "4097", "a number from 1 to 4096"),
            ("PASSWORD_LENGTH", "+32", "a number from 1 to 4096"),
            ("PASSWORD_LENGTH", "", "a number from 1 to 4096"),
            ("EXCLUDE_NUMBERS", "perhaps", "true or false"),
            ("REQUIRE_EACH_INCLUDED_TYPE", "", "true or false"),
            (
                "PASSWORD_LENGHT",
                "32",
                "reads no environment variable PASSWORD_LENGHT",
            ),
            (
                "USERNAME_CHARACTER_LIMIT",
                "16",
                "reads no environment variable",
            ),
        ] {
            let error = of(Template::MySqlSingleUser, &[(name, value)]).unwrap_err();
            assert!(error.contains(words), "{name}: {error}");
        }
    }

    #[test]
    fn names_of_alternating_users_of_mysql_may_be_shorter() {
        let limit = |value| {
            of(
                Template::MySqlMultiUser,
                &[("USERNAME_CHARACTER_LIMIT", value)],
            )
            .map(|environment| environment.username_limit(32))
        };
        assert_eq!(limit("16"), Ok(16));
        assert!(limit("33").is_err() && limit("0").is_err());
        assert_eq!(Environment::default().username_limit(32), 32);
    }
}
