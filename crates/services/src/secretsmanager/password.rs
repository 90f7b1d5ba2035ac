//! Random passwords, as GetRandomPassword makes them.
//!
//! Source: Secrets Manager API Reference, GetRandomPassword.

use strongroom_crypto::Random;
use strongroom_rotation::PasswordRules;
use strongroom_types::Sensitive;
use zeroize::Zeroizing;

use super::error::{Error, Result};

/// Length when none is asked for.
pub(super) const DEFAULT_LENGTH: usize = 32;

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What a password shall look like.
pub(super) struct Recipe<'a> {
    /// Characters, 1 to 4,096.
    pub(super) length: usize,
    /// Characters that must not appear.
    pub(super) exclude_characters: &'a str,
    /// No `a` to `z`.
    pub(super) exclude_lowercase: bool,
    /// No `0` to `9`.
    pub(super) exclude_numbers: bool,
    /// None of the 32 ASCII punctuation characters.
    pub(super) exclude_punctuation: bool,
    /// No `A` to `Z`.
    pub(super) exclude_uppercase: bool,
    /// The space may appear.
    pub(super) include_space: bool,
    /// At least one of each class that is not excluded.
    pub(super) require_each_included_type: bool,
}

/// Whether a rotation function can make passwords by these rules.
///
/// # Errors
/// Those of GetRandomPassword.
pub(crate) fn check_password_rules(rules: &PasswordRules, random: &dyn Random) -> Result<()> {
    let recipe = Recipe {
        length: usize::try_from(rules.length).unwrap_or(usize::MAX),
        exclude_characters: &rules.exclude_characters,
        exclude_lowercase: rules.exclude_lowercase,
        exclude_numbers: rules.exclude_numbers,
        exclude_punctuation: rules.exclude_punctuation,
        exclude_uppercase: rules.exclude_uppercase,
        include_space: false,
        require_each_included_type: rules.require_each_included_type,
    };
    recipe.password(random).map(drop)
}

impl Recipe<'_> {
    /// A password of this kind. Every character is drawn from all that may
    /// appear with equal chances, apart from one of each required class; then
    /// all are shuffled.
    ///
    /// # Errors
    /// `InvalidParameterException` when no character may appear, when a
    /// required class has none left, or when the length is less than the
    /// number of required classes.
    pub(super) fn password(&self, random: &dyn Random) -> Result<Sensitive<String>> {
        let classes = self.classes();
        let mut alphabet: Vec<u8> = classes.concat();
        let spaces: Vec<u8> = if self.include_space {
            self.allowed(" ")
        } else {
            Vec::new()
        };
        alphabet.extend(&spaces);
        if alphabet.is_empty() {
            return Err(Error::InvalidParameter(
                "The password can't be generated because all characters are excluded.".into(),
            ));
        }

        let mut password = Zeroizing::new(Vec::with_capacity(self.length));
        if self.require_each_included_type {
            if classes.iter().any(Vec::is_empty) {
                return Err(Error::InvalidParameter(
                    "The password can't be generated because all characters of a required type \
                     are excluded."
                        .into(),
                ));
            }
            if self.length < classes.len() {
                return Err(Error::InvalidParameter(
                    "Password length is too short based on the required types.".into(),
                ));
            }
            password.extend(classes.iter().filter_map(|class| pick(class, random)));
            // The documentation's list of required types ends without the
            // space: it gets its place only where there is one.
            if password.len() < self.length {
                password.extend(pick(&spaces, random));
            }
        }
        while password.len() < self.length {
            password.extend(pick(&alphabet, random));
        }
        shuffle(&mut password, random);
        let mut text = String::with_capacity(password.len());
        text.extend(password.iter().copied().map(char::from));
        Ok(Sensitive::new(text))
    }

    /// The allowed characters of each class that is not excluded.
    fn classes(&self) -> Vec<Vec<u8>> {
        let classes = [
            (self.exclude_uppercase, UPPERCASE),
            (self.exclude_lowercase, LOWERCASE),
            (self.exclude_numbers, NUMBERS),
            (self.exclude_punctuation, PUNCTUATION),
        ];
        let included = classes.iter().filter(|(excluded, _)| !excluded);
        included.map(|(_, class)| self.allowed(class)).collect()
    }

    fn allowed(&self, class: &str) -> Vec<u8> {
        let excluded = self.exclude_characters.as_bytes();
        class
            .bytes()
            .filter(|letter| !excluded.contains(letter))
            .collect()
    }
}

/// One of `letters`, each as likely; none if there are none.
fn pick(letters: &[u8], random: &dyn Random) -> Option<u8> {
    letters.get(below(letters.len(), random)).copied()
}

/// Brings `letters` into an order of which each is as likely.
fn shuffle(letters: &mut [u8], random: &dyn Random) {
    for last in (1..letters.len()).rev() {
        letters.swap(last, below(last + 1, random));
    }
}

fn below(bound: usize, random: &dyn Random) -> usize {
    // No password is longer than 4,096 characters.
    let bound = u32::try_from(bound).unwrap_or(u32::MAX);
    random.below(bound) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strongroom_crypto::SystemRandom;

    use super::*;
    use crate::operation::ServiceError as _;

    const ANY: Recipe<'_> = Recipe {
        length: DEFAULT_LENGTH,
        exclude_characters: "",
        exclude_lowercase: false,
        exclude_numbers: false,
        exclude_punctuation: false,
        exclude_uppercase: false,
        include_space: false,
        require_each_included_type: true,
    };

    fn refused(recipe: &Recipe<'_>) -> String {
        let refusal = recipe.password(&SystemRandom).err().unwrap().refusal();
        assert_eq!(refusal.code, "InvalidParameterException");
        refusal.message.into_owned()
    }

    #[test]
    fn the_classes_are_all_of_printable_ascii() {
        let mut all = [LOWERCASE, NUMBERS, PUNCTUATION, UPPERCASE, " "]
            .concat()
            .into_bytes();
        all.sort_unstable();
        assert_eq!(all, (b' '..=b'~').collect::<Vec<_>>());
    }

    #[test]
    fn too_short_for_the_required_types_is_refused() {
        let text = "Password length is too short based on the required types.";
        assert_eq!(refused(&Recipe { length: 3, ..ANY }), text);
        assert_eq!(
            refused(&Recipe {
                length: 2,
                exclude_numbers: true,
                ..ANY
            }),
            text
        );
        Recipe {
            length: 4,
            include_space: true,
            ..ANY
        }
        .password(&SystemRandom)
        .unwrap();
        Recipe {
            length: 1,
            require_each_included_type: false,
            ..ANY
        }
        .password(&SystemRandom)
        .unwrap();
    }

    #[test]
    fn nothing_to_choose_from_is_refused() {
        let none = Recipe {
            exclude_lowercase: true,
            exclude_numbers: true,
            exclude_punctuation: true,
            exclude_uppercase: true,
            ..ANY
        };
        assert!(refused(&none).contains("all characters are excluded"));
        let spaces = Recipe {
            include_space: true,
            length: 3,
            ..none
        };
        assert_eq!(spaces.password(&SystemRandom).unwrap().expose(), "   ");
        assert!(
            refused(&Recipe {
                exclude_characters: " ",
                ..spaces
            })
            .contains("all characters")
        );

        let no_number = Recipe {
            exclude_characters: NUMBERS,
            ..ANY
        };
        assert!(refused(&no_number).contains("of a required type"));
        Recipe {
            require_each_included_type: false,
            ..no_number
        }
        .password(&SystemRandom)
        .unwrap();
    }

    #[test]
    fn every_letter_and_every_place_is_reached() {
        let mut seen = std::collections::BTreeSet::new();
        let mut starts = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let password = Recipe {
                include_space: true,
                ..ANY
            }
            .password(&SystemRandom)
            .unwrap();
            seen.extend(password.expose().bytes());
            starts.extend(password.expose().bytes().next());
        }
        assert_eq!(seen.len(), 95);
        assert!(
            starts.len() > 40,
            "the required classes are not always first"
        );
    }

    proptest! {
        #[test]
        fn a_password_is_as_the_recipe_says(
            length in 1..200_usize,
            exclude_characters in "[ -~éß]{0,20}",
            excluded in any::<[bool; 4]>(),
            include_space in any::<bool>(),
            require_each_included_type in any::<bool>(),
        ) {
            let recipe = Recipe {
                length,
                exclude_characters: &exclude_characters,
                exclude_lowercase: excluded[0],
                exclude_numbers: excluded[1],
                exclude_punctuation: excluded[2],
                exclude_uppercase: excluded[3],
                include_space,
                require_each_included_type,
            };
            let Ok(password) = recipe.password(&SystemRandom) else { return Ok(()) };
            let password = password.expose();
            prop_assert_eq!(password.len(), length);
            prop_assert!(!password.chars().any(|letter| exclude_characters.contains(letter)));
            prop_assert!(include_space || !password.contains(' '));
            let classes = [LOWERCASE, NUMBERS, PUNCTUATION, UPPERCASE];
            for (class, excluded) in classes.iter().zip(excluded) {
                let has_one = password.chars().any(|letter| class.contains(letter));
                prop_assert!(!excluded || !has_one);
                prop_assert!(excluded || !require_each_included_type || has_one);
            }
            let required = excluded.iter().filter(|excluded| !**excluded).count();
            if include_space && require_each_included_type && length > required
                && !exclude_characters.contains(' ')
            {
                prop_assert!(password.contains(' '));
            }
        }
    }
}
