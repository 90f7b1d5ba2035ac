use std::path::Path;

use crate::{Host, Job, process::AUTHORITIES};

impl Host {
    /// All that the process of a call knows of the world.
    ///
    /// Source: Lambda Developer Guide, "Defined runtime environment variables".
    pub(crate) fn environment(&self, job: &Job<'_>, endpoint: String) -> Vec<(String, String)> {
        let bootstraps = self.root.join("runtime");
        let (task, bootstraps_seen) = self.confinement.places(&job.files.path, &bootstraps);
        let shown = |path: &Path| path.display().to_string();
        let mut environment: Vec<(String, String)> = Vec::new();
        let mut set = |name: &str, value: String| environment.push((name.to_owned(), value));
        // A function may set these for itself.
        set("HOME", "/tmp".to_owned());
        set("LANG", "C.UTF-8".to_owned());
        let libraries = [shown(&task), shown(&task.join("lib"))];
        set("LD_LIBRARY_PATH", libraries.join(":"));
        set("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned());
        set("TZ", ":UTC".to_owned());
        if bootstraps.join(AUTHORITIES).exists() {
            // AWS's SDKs, Node.js and OpenSSL.
            for name in ["AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] {
                set(name, shown(&bootstraps_seen.join(AUTHORITIES)));
            }
        }
        for (name, value) in &job.environment {
            set(name, value.clone());
        }
        if let Some(runtime) = job.runtime.execution_environment() {
            set("AWS_EXECUTION_ENV", runtime);
        }
        set(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            job.memory_mib.to_string(),
        );
        set("AWS_LAMBDA_FUNCTION_NAME", job.name.to_owned());
        set("AWS_LAMBDA_FUNCTION_VERSION", job.version.to_owned());
        set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned());
        set(
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{}", job.name),
        );
        set("AWS_LAMBDA_LOG_STREAM_NAME", job.request_id.clone());
        set("AWS_LAMBDA_RUNTIME_API", endpoint);
        set("LAMBDA_RUNTIME_DIR", shown(&bootstraps_seen));
        set("LAMBDA_TASK_ROOT", shown(&task));
        set("_HANDLER", job.handler.to_owned());
        environment
    }
}
