//! The operations of CloudTrail, one file each.

mod describe_trails;
mod get_trail_status;
mod list_trails;
mod lookup_events;

use crate::operation::Route;

/// Every operation, by name.
pub static ROUTES: &[Route] = &[
    Route::of::<describe_trails::DescribeTrails>(),
    Route::of::<get_trail_status::GetTrailStatus>(),
    Route::of::<list_trails::ListTrails>(),
    Route::of::<lookup_events::LookupEvents>(),
];
