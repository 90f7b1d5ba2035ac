use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, pages::page, users::UserRef},
    operation::Operation,
    shape::{Input, Nothing, Output},
};

/// Lists a user's MFA devices: no user here has any.
///
/// Source: IAM API Reference, ListMFADevices.
pub struct ListMFADevices;

/// What is asked.
#[derive(Input)]
pub struct ListMFADevicesInput {
    /// The user's name, in any case.
    #[shape(length(1, 128), pattern(r"[\w+=,.@-]+"))]
    pub user_name: Option<String>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// The empty list.
#[derive(Output)]
pub struct ListMFADevicesOutput {
    /// None.
    #[shape(name = "MFADevices")]
    pub mfa_devices: Vec<Nothing>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

impl Operation for ListMFADevices {
    const NAME: &'static str = "ListMFADevices";
    const ACTION: &'static str = "iam:ListMFADevices";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &["NoSuchEntityException", "ServiceFailureException"];
    type Service = Iam;
    type Input = ListMFADevicesInput;
    type Output = ListMFADevicesOutput;
    type Target = UserRef;

    async fn target(cx: &mut Context<'_>, input: &Self::Input) -> Result<UserRef> {
        UserRef::resolve_or_caller(cx, input.user_name.as_deref()).await
    }

    async fn run(
        _: &mut Context<'_>,
        target: Authorized<UserRef>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        target.into_inner().found()?;
        let page = page(
            Vec::<String>::new(),
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListMFADevicesOutput {
            mfa_devices: Vec::new(),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
