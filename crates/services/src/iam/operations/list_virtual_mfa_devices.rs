use strongroom_store::Mode;

use crate::{
    authorize::Authorized,
    context::Context,
    iam::{Iam, Result, pages::page, place::Place},
    operation::Operation,
    shape::{Input, Nothing, Output, enumeration},
};

/// Lists the account's virtual MFA devices: no account here has any.
///
/// Source: IAM API Reference, ListVirtualMFADevices.
pub struct ListVirtualMFADevices;

/// What is asked.
#[derive(Input)]
pub struct ListVirtualMFADevicesInput {
    /// Whether they are assigned.
    pub assignment_status: Option<AssignmentStatus>,
    /// Where the page begins: the `Marker` of the page before.
    #[shape(length(1, 320), pattern(r"[\u0020-\u00FF]+"))]
    pub marker: Option<String>,
    /// Items on a page: 1 to 1,000, 100 when absent.
    #[shape(range(1, 1000))]
    pub max_items: Option<i64>,
}

/// The empty list.
#[derive(Output)]
pub struct ListVirtualMFADevicesOutput {
    /// None.
    #[shape(name = "VirtualMFADevices")]
    pub virtual_mfa_devices: Vec<Nothing>,
    /// Whether there are more.
    pub is_truncated: Option<bool>,
    /// Asks for the next page, if there is one.
    pub marker: Option<String>,
}

enumeration! {
    /// Whether a device is assigned to a user.
    pub enum AssignmentStatus {
        Assigned = "Assigned",
        Unassigned = "Unassigned",
        Any = "Any",
    }
}

impl Operation for ListVirtualMFADevices {
    const NAME: &'static str = "ListVirtualMFADevices";
    const ACTION: &'static str = "iam:ListVirtualMFADevices";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[];
    type Service = Iam;
    type Input = ListVirtualMFADevicesInput;
    type Output = ListVirtualMFADevicesOutput;
    type Target = Place;

    async fn target(cx: &mut Context<'_>, _: &Self::Input) -> Result<Place> {
        Ok(Place::listing(cx, "mfa", None))
    }

    async fn run(
        _: &mut Context<'_>,
        _: Authorized<Place>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let page = page(
            Vec::<String>::new(),
            String::clone,
            input.marker.as_deref(),
            input.max_items,
        )?;
        Ok(ListVirtualMFADevicesOutput {
            virtual_mfa_devices: Vec::new(),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}
