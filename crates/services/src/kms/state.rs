//! The states of a key, and what can be done in each: AWS's table.
//!
//! Source: KMS Developer Guide, "Key states of AWS KMS keys".

use strongroom_types::Arn;

use super::error::{Error, Result};

/// `KeyState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the table is AWS's whole; some states are not reached yet"
    )
)]
pub enum KeyState {
    /// Being made. Keys are made at once here, so that none is seen in it.
    Creating,
    /// Not usable, until it is enabled.
    Disabled,
    /// Usable.
    Enabled,
    /// Destroyed when its window ends.
    PendingDeletion,
    /// Without its imported material.
    PendingImport,
    /// A primary that waits for its replicas to be destroyed.
    PendingReplicaDeletion,
    /// In a custom key store that is out of reach. There are none yet.
    Unavailable,
    /// Becoming the primary, or no longer. That happens at once here.
    Updating,
}

/// What is to be done with a key: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// CancelKeyDeletion.
    CancelDeletion,
    /// CreateAlias, TagResource, UntagResource, UpdateKeyDescription.
    Describe,
    /// CreateGrant.
    CreateGrant,
    /// DeleteImportedKeyMaterial.
    DeleteMaterial,
    /// EnableKey, DisableKey.
    Enable,
    /// Encrypt, Decrypt, ReEncrypt, GenerateDataKey and its kin.
    Encrypt,
    /// GetParametersForImport.
    GetImportParameters,
    /// ImportKeyMaterial.
    Import,
    /// ReplicateKey.
    Replicate,
    /// EnableKeyRotation, DisableKeyRotation.
    Rotation,
    /// RotateKeyOnDemand.
    RotateOnDemand,
    /// ScheduleKeyDeletion.
    ScheduleDeletion,
    /// Sign, Verify, GenerateMac, VerifyMac, DeriveSharedSecret, GetPublicKey.
    Sign,
    /// UpdateAlias, of the key that the alias shall stand for.
    UpdateAlias,
    /// UpdatePrimaryRegion.
    UpdatePrimary,
}

/// What becomes of a deed in a state: a cell of the table, by the text it
/// gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Creating,
    Deletion,
    Disabled,
    Import,
    /// It is not pending deletion.
    NotDeletion,
    Unavailable,
    Updating,
    Yes,
}

impl KeyState {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::Disabled => "Disabled",
            Self::Enabled => "Enabled",
            Self::PendingDeletion => "PendingDeletion",
            Self::PendingImport => "PendingImport",
            Self::PendingReplicaDeletion => "PendingReplicaDeletion",
            Self::Unavailable => "Unavailable",
            Self::Updating => "Updating",
        }
    }
}

/// One row of the table: the states in which a key may be, in AWS's order,
/// both kinds of pending deletion in one column.
struct Row {
    deed: Deed,
    enabled: Cell,
    disabled: Cell,
    deletion: Cell,
    import: Cell,
    unavailable: Cell,
    creating: Cell,
    updating: Cell,
}

const fn row(deed: Deed, cells: [Cell; 7]) -> Row {
    let [
        enabled,
        disabled,
        deletion,
        import,
        unavailable,
        creating,
        updating,
    ] = cells;
    Row {
        deed,
        enabled,
        disabled,
        deletion,
        import,
        unavailable,
        creating,
        updating,
    }
}

/// The table. Where AWS's has a dash, that is a key that cannot be in that
/// state or a deed it cannot know, the text of the state is given. Reading
/// (DescribeKey, the lists, policies) and ending grants and aliases are not in
/// it: they go in every state. What depends on a key's origin is asked before
/// this table is (`key.rs`).
#[rustfmt::skip]
const TABLE: &[Row] = {
    use Cell::{Creating as C, Deletion as P, Disabled as D, Import as I, NotDeletion as N, Unavailable as A, Updating as U, Yes as Y};
    &[
        //                              enabled disabled deletion import unavailable creating updating
        row(Deed::Encrypt,             [Y, D, P, I, A, C, Y]),
        row(Deed::Sign,                [Y, D, P, I, A, C, Y]),
        row(Deed::CreateGrant,         [Y, D, P, I, Y, C, Y]),
        row(Deed::Describe,            [Y, Y, P, Y, Y, Y, Y]),
        row(Deed::UpdateAlias,         [Y, Y, P, Y, Y, Y, Y]),
        row(Deed::Enable,              [Y, Y, P, I, Y, C, U]),
        row(Deed::Rotation,            [Y, D, P, I, A, C, Y]),
        row(Deed::RotateOnDemand,      [Y, D, P, I, A, C, U]),
        row(Deed::ScheduleDeletion,    [Y, Y, P, Y, Y, Y, U]),
        row(Deed::CancelDeletion,      [N, N, Y, N, N, N, N]),
        row(Deed::GetImportParameters, [Y, Y, P, Y, A, C, U]),
        row(Deed::Import,              [Y, Y, P, Y, A, C, Y]),
        row(Deed::DeleteMaterial,      [Y, Y, Y, Y, A, C, U]),
        row(Deed::Replicate,           [Y, D, P, I, A, C, U]),
        row(Deed::UpdatePrimary,       [Y, D, P, I, A, C, Y]),
    ]
};

/// Whether a key can have this done in its state.
///
/// # Errors
/// `DisabledException`, `KMSInvalidStateException`.
pub(super) fn check(deed: Deed, state: KeyState, arn: &Arn) -> Result<()> {
    let Some(row) = TABLE.iter().find(|row| row.deed == deed) else {
        return Ok(());
    };
    let cell = match state {
        KeyState::Creating => row.creating,
        KeyState::Disabled => row.disabled,
        KeyState::Enabled => row.enabled,
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => row.deletion,
        KeyState::PendingImport => row.import,
        KeyState::Unavailable => row.unavailable,
        KeyState::Updating => row.updating,
    };
    Err(match cell {
        Cell::Yes => return Ok(()),
        Cell::Disabled => Error::disabled(arn),
        Cell::Creating => Error::state(arn, "creating"),
        Cell::Deletion if state == KeyState::PendingReplicaDeletion => {
            Error::state(arn, "pending replica deletion")
        }
        Cell::Deletion => Error::state(arn, "pending deletion"),
        Cell::Import => Error::state(arn, "pending import"),
        Cell::NotDeletion => Error::state(arn, "not pending deletion"),
        Cell::Unavailable => Error::state(arn, "unavailable"),
        Cell::Updating => Error::state(arn, "updating"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::ServiceError as _;

    fn outcome(deed: Deed, state: KeyState) -> String {
        let arn: Arn = "arn:aws:kms:us-east-1:111122223333:key/k".parse().unwrap();
        match check(deed, state, &arn) {
            Ok(()) => "ok".to_owned(),
            Err(error) => {
                let refusal = error.refusal();
                format!(
                    "{}: {}",
                    refusal.code,
                    refusal.message.replace(arn.as_str(), "K")
                )
            }
        }
    }

    #[test]
    fn the_table_is_that_of_aws() {
        use KeyState as S;
        let disabled = "DisabledException: K is disabled.";
        let deletion = "KMSInvalidStateException: K is pending deletion.";
        let import = "KMSInvalidStateException: K is pending import.";
        let not_pending = "KMSInvalidStateException: K is not pending deletion.";
        for (deed, state, expected) in [
            (Deed::Encrypt, S::Enabled, "ok"),
            (Deed::Encrypt, S::Disabled, disabled),
            (Deed::Encrypt, S::PendingDeletion, deletion),
            (
                Deed::Encrypt,
                S::PendingReplicaDeletion,
                "KMSInvalidStateException: K is pending replica deletion.",
            ),
            (Deed::Encrypt, S::PendingImport, import),
            (
                Deed::Encrypt,
                S::Unavailable,
                "KMSInvalidStateException: K is unavailable.",
            ),
            (
                Deed::Encrypt,
                S::Creating,
                "KMSInvalidStateException: K is creating.",
            ),
            (Deed::Encrypt, S::Updating, "ok"),
            (Deed::CreateGrant, S::Unavailable, "ok"),
            (Deed::Describe, S::Disabled, "ok"),
            (Deed::Describe, S::PendingImport, "ok"),
            (Deed::Describe, S::PendingDeletion, deletion),
            (Deed::Enable, S::PendingImport, import),
            (Deed::Enable, S::PendingDeletion, deletion),
            (
                Deed::Enable,
                S::Updating,
                "KMSInvalidStateException: K is updating.",
            ),
            (Deed::ScheduleDeletion, S::PendingImport, "ok"),
            (Deed::ScheduleDeletion, S::PendingDeletion, deletion),
            (Deed::CancelDeletion, S::Enabled, not_pending),
            (Deed::CancelDeletion, S::PendingImport, not_pending),
            (Deed::CancelDeletion, S::PendingDeletion, "ok"),
            (Deed::CancelDeletion, S::PendingReplicaDeletion, "ok"),
            (Deed::DeleteMaterial, S::PendingDeletion, "ok"),
            (Deed::Import, S::PendingImport, "ok"),
            (Deed::Replicate, S::Disabled, disabled),
            (Deed::RotateOnDemand, S::Disabled, disabled),
            (Deed::RotateOnDemand, S::PendingImport, import),
            (Deed::UpdatePrimary, S::Updating, "ok"),
        ] {
            assert_eq!(outcome(deed, state), expected, "{deed:?} {state:?}");
        }
    }
}
