//! Which metrics there are. `deploy/grafana-dashboard.json` and
//! `deploy/prometheus-alerts.yaml` use them, `docs/operations.md` explains them.

use std::{
    fmt::{self, Debug, Formatter},
    fs,
    sync::Arc,
};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};
use strongroom_services::{cache::CacheFigures, secretsmanager::counted};

use super::{page::Page, process};
use crate::{app::App, events::Endpoint};

/// Reads a node's figures when it is asked for them.
pub(super) struct Scrape(pub(super) Arc<App>);

impl Debug for Scrape {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scrape")
    }
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        self.requests(&mut page)?;
        self.services(&mut page)?;
        self.audit(&mut page)?;
        self.events(&mut page)?;
        self.store(&mut page)?;
        self.caches(&mut page)?;
        self.process(&mut page)
    }
}

impl Scrape {
    fn requests(&self, page: &mut Page<'_>) -> fmt::Result {
        let requests = &self.0.requests;
        let answered = requests.counts().flat_map(|counts| {
            counts.results().map(|(result, count)| {
                let labels = [
                    ("service", counts.service),
                    ("operation", counts.operation),
                    ("result", result),
                ];
                (labels, count)
            })
        });
        page.counters(
            "strongroom_requests",
            "Requests answered, by operation and result",
            answered,
        )?;
        let latencies = requests.counts().map(|counts| {
            let labels = [("service", counts.service), ("operation", counts.operation)];
            (labels, &counts.latency)
        });
        page.histograms(
            "strongroom_request_duration_seconds",
            "Time from a request's last byte to its answer, by operation",
            latencies,
        )?;
        let refused = requests.refused();
        page.counters(
            "strongroom_http_refusals",
            "Requests that reached no operation or took too long, by the reason",
            refused.map(|(reason, count)| ([("reason", reason)], count)),
        )
    }

    fn services(&self, page: &mut Page<'_>) -> fmt::Result {
        let services = &self.0.services;
        let uses = services.key_material.use_counts();
        page.counters(
            "strongroom_kms_key_uses",
            "Uses of KMS keys, also on behalf of Secrets Manager, by operation and key spec",
            uses.map(|(operation, spec, count)| {
                ([("operation", operation), ("key_spec", spec)], count)
            }),
        )?;
        let rotations = services.secrets.rotation().outcomes();
        page.counters(
            "strongroom_rotation_events",
            "Service events of rotations of secrets, by name",
            rotations
                .counts()
                .map(|(event, count)| ([("event", event)], count)),
        )?;
        let counted = counted(services).unwrap_or_default();
        page.gauges(
            "strongroom_secrets",
            "Secrets, those scheduled for deletion included (CloudWatch's ResourceCount)",
            counted.iter().map(|((account, region), count)| {
                let labels = [
                    ("account", account.to_string()),
                    ("region", region.to_string()),
                ];
                (labels, *count as f64)
            }),
        )
    }

    fn audit(&self, page: &mut Page<'_>) -> fmt::Result {
        let log = &self.0.log;
        let figures = log.figures();
        page.gauge(
            "strongroom_audit_writable",
            "1 while the audit log can be written in time, else 0",
            Some(f64::from(u8::from(log.is_writable()))),
        )?;
        page.gauge(
            "strongroom_audit_waiting_records",
            "Audit records that wait for the disk",
            Some(log.waiting() as f64),
        )?;
        page.gauge(
            "strongroom_audit_last_durable_timestamp_seconds",
            "When an audit record became durable last, since the epoch",
            figures.last_durable(),
        )?;
        page.counter(
            "strongroom_audit_records",
            "Audit records that became durable",
            figures.records(),
        )?;
        page.counter(
            "strongroom_audit_write_failures",
            "Writes to the audit log that failed",
            figures.failures(),
        )?;
        page.histograms(
            "strongroom_audit_write_duration_seconds",
            "Time to write a group of audit records and sync it",
            [([("group", "all")], &figures.writes)],
        )?;
        page.gauge(
            "strongroom_audit_outbox_records",
            "Audit records in the store that the log may not have yet",
            Some(self.0.services.store.figures().outbox as f64),
        )
    }

    fn events(&self, page: &mut Page<'_>) -> fmt::Result {
        let endpoints = self.0.endpoints();
        let named = |endpoint: &Endpoint| [("endpoint", endpoint.name().to_owned())];
        page.gauges(
            "strongroom_event_endpoint_up",
            "1 while an event endpoint is told of events, 0 while nothing gets through",
            endpoints.iter().map(|endpoint| {
                (
                    named(endpoint),
                    f64::from(u8::from(endpoint.figures().is_up())),
                )
            }),
        )?;
        page.gauges(
            "strongroom_event_endpoint_dead_letters",
            "Events that an endpoint refused until they were given up",
            endpoints
                .iter()
                .map(|endpoint| (named(endpoint), endpoint.figures().dead_letters() as f64)),
        )?;
        page.gauges(
            "strongroom_event_endpoint_told_timestamp_seconds",
            "When that happened of which an endpoint was told last, since the epoch",
            endpoints.iter().filter_map(|endpoint| {
                let told = endpoint.figures().told_until()?;
                Some((named(endpoint), told as f64))
            }),
        )
    }

    fn store(&self, page: &mut Page<'_>) -> fmt::Result {
        let figures = self.0.services.store.figures();
        page.counter(
            "strongroom_store_commits",
            "Durable commits of the store",
            figures.commits,
        )?;
        page.counter(
            "strongroom_store_conflicts",
            "Commits that another came before, and that were tried again",
            figures.conflicts,
        )?;
        let size = fs::metadata(&self.0.store_file).ok();
        page.gauge(
            "strongroom_store_size_bytes",
            "Size of the store's file",
            size.map(|file| file.len() as f64),
        )
    }

    fn caches(&self, page: &mut Page<'_>) -> fmt::Result {
        let services = &self.0.services;
        let [secrets, policies] = services.secrets.cache_figures();
        let [callers, sessions, standings] = services.callers.cache_figures();
        let caches: [(&str, CacheFigures); 7] = [
            ("access_keys", callers),
            ("kms_keys", services.key_material.cache_figures()),
            ("organizations", services.organizations.cache_figures()),
            ("principals", standings),
            ("resource_policies", policies),
            ("secrets", secrets),
            ("sessions", sessions),
        ];
        let lookups = caches.iter().flat_map(|(name, figures)| {
            let of = |result| [("cache", *name), ("result", result)];
            [(of("hit"), figures.hits), (of("miss"), figures.misses)]
        });
        page.counters(
            "strongroom_cache_lookups",
            "Lookups in caches, by whether what was looked for was there",
            lookups,
        )?;
        let entries = caches.iter();
        page.gauges(
            "strongroom_cache_entries",
            "What caches keep",
            entries.map(|(name, figures)| ([("cache", *name)], figures.entries as f64)),
        )
    }

    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        page.gauges(
            "strongroom_build_info",
            "1; which release runs",
            [(version, 1.0)],
        )?;
        let (memory, threads) = process::memory_and_threads();
        page.real_counter(
            "process_cpu_seconds",
            "Processor time, of user and system",
            process::cpu_seconds(),
        )?;
        page.gauge("process_resident_memory_bytes", "Memory in use", memory)?;
        page.gauge("process_threads", "Threads", threads)?;
        page.gauge("process_open_fds", "Open files", process::open_files())?;
        page.gauge(
            "process_max_fds",
            "Files that may be open",
            process::most_files(),
        )?;
        let started = self.0.started.as_millisecond();
        page.gauge(
            "process_start_time_seconds",
            "When the process opened its store, since the epoch",
            Some(started as f64 / 1000.0),
        )
    }
}
