use strongroom_store::Mode;
use strongroom_types::Arn;

use crate::{
    authorize::{Authorized, NoResource},
    cloudtrail::{CloudTrail, error::Result, trail},
    context::Context,
    operation::Operation,
    shape::{Input, Output},
};

/// Describes the one trail there is.
///
/// Source: CloudTrail API Reference, DescribeTrails.
pub struct DescribeTrails;

/// Which trails; all when none is named.
#[derive(Input)]
pub struct DescribeTrailsInput {
    /// Names and ARNs. What is no trail is left out of the answer.
    #[shape(name = "trailNameList")]
    pub trail_name_list: Option<Vec<String>>,
    /// Whether to show trails of other home Regions that record this one's
    /// events. True when absent.
    #[shape(name = "includeShadowTrails")]
    pub include_shadow_trails: Option<bool>,
}

/// The trails.
#[derive(Output)]
pub struct DescribeTrailsOutput {
    /// The trails.
    #[shape(name = "trailList")]
    pub trail_list: Option<Vec<Trail>>,
}

/// A trail. It delivers to the audit log of the deployment and to no bucket,
/// so it names none.
#[derive(Output)]
pub struct Trail {
    /// Its name.
    pub name: Option<String>,
    /// Whether it records IAM and STS.
    pub include_global_service_events: Option<bool>,
    /// Whether it records every Region.
    pub is_multi_region_trail: Option<bool>,
    /// Its home Region.
    pub home_region: Option<String>,
    /// Its ARN.
    #[shape(name = "TrailARN")]
    pub trail_arn: Option<Arn>,
    /// Whether its files are signed.
    pub log_file_validation_enabled: Option<bool>,
    /// Whether it selects events.
    pub has_custom_event_selectors: Option<bool>,
    /// Whether it looks for insights.
    pub has_insight_selectors: Option<bool>,
    /// Whether it is an organization's.
    pub is_organization_trail: Option<bool>,
}

impl Operation for DescribeTrails {
    const NAME: &'static str = "DescribeTrails";
    const ACTION: &'static str = "cloudtrail:DescribeTrails";
    const MODE: Mode = Mode::Read;
    const ERRORS: &'static [&'static str] = &[
        "UnsupportedOperationException",
        "OperationNotPermittedException",
        "InvalidTrailNameException",
        "CloudTrailARNInvalidException",
        "NoManagementAccountSLRExistsException",
    ];
    type Service = CloudTrail;
    type Input = DescribeTrailsInput;
    type Output = DescribeTrailsOutput;
    type Target = NoResource;

    async fn target(_: &mut Context<'_>, _: &Self::Input) -> Result<NoResource> {
        Ok(NoResource)
    }

    async fn run(
        cx: &mut Context<'_>,
        _: Authorized<NoResource>,
        input: Self::Input,
    ) -> Result<Self::Output> {
        let home = cx.home();
        let names = input.trail_name_list.unwrap_or_default();
        let mut is_named = false;
        for name in &names {
            is_named |= trail::is_named(name, &home)?;
        }
        let is_shadow = home.region != trail::HOME;
        let shown = if names.is_empty() {
            !is_shadow || input.include_shadow_trails.unwrap_or(true)
        } else {
            is_named
        };
        let trail = || Trail {
            name: Some(trail::NAME.to_owned()),
            include_global_service_events: Some(true),
            is_multi_region_trail: Some(true),
            home_region: Some(trail::HOME.to_string()),
            trail_arn: Some(trail::arn(&home)),
            log_file_validation_enabled: Some(true),
            has_custom_event_selectors: Some(false),
            has_insight_selectors: Some(false),
            is_organization_trail: Some(false),
        };
        Ok(DescribeTrailsOutput {
            trail_list: Some(shown.then(trail).into_iter().collect()),
        })
    }
}
