use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Error, Iam, Result, principals, record::RoleDeletion, roles::RoleRef},
    operation::Operation,
    shape::{Input, Output},
    tables::{RoleDeletions, RoleUses, Roles},
};

/// Deletes the role of one of AWS's services. Nothing here is made by such roles, so it
/// is gone at once; the task that the answer names is done.
///
/// Source: IAM API Reference, DeleteServiceLinkedRole.
pub struct DeleteServiceLinkedRole;

/// What is asked.
#[derive(Input)]
pub struct DeleteServiceLinkedRoleInput {
    /// The role's name, in any case.
    #[shape(length(1, 64), pattern(r"[\w+=,.@-]+"))]
    pub role_name: String,
}

/// The task.
#[derive(Output)]
pub struct DeleteServiceLinkedRoleOutput {
    /// Asks how the deletion went.
    pub deletion_task_id: String,
}

impl Operation for DeleteServiceLinkedRole {
    const NAME: &'static str = "DeleteServiceLinkedRole";
    const ACTION: &'static str = "iam:DeleteServiceLinkedRole";
    const MODE: Mode = Mode::Write;
    const ERRORS: &'static [&'static str] = &[
        "NoSuchEntityException",
        "LimitExceededException",
        "ServiceFailureException",
    ];
    type Service = Iam;
    type Input = DeleteServiceLinkedRoleInput;
    type Output = DeleteServiceLinkedRoleOutput;
    type Target = RoleRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<RoleRef> {
        RoleRef::resolve(cx, &input.role_name).await
    }

    async fn run(
        cx: &mut Context<'_>,
        target: Authorized<RoleRef>,
        _: Self::Input,
    ) -> Result<Self::Output> {
        let key = target.key.clone();
        let role = target.into_inner().found()?;
        let Some(service) = &role.linked_service else {
            return Err(Error::not_found("service-linked role", &role.name));
        };
        let random = cx.services.random.uuid();
        let task = format!("task/aws-service-role/{service}/{}/{random}", role.name);
        principals::forget(&mut cx.tx, &role.id)?;
        cx.tx.delete::<Roles>(&key)?;
        cx.tx.delete::<RoleUses>(&key)?;
        let done_ms = cx.now.as_millisecond();
        let row = RoleDeletion { done_ms };
        cx.tx.put::<RoleDeletions>(&(key.0, task.clone()), &row)?;
        Ok(DeleteServiceLinkedRoleOutput {
            deletion_task_id: task,
        })
    }
}
