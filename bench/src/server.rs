//! Which server is measured and as which users: the options of every scenario.

use std::time::Duration;

#[derive(clap::Args, Clone)]
pub struct Server {
    /// Name of the server, for the report
    #[arg(long, global = true, default_value = "server")]
    pub server: String,
    /// Name of this measurement, for the report (default: the scenario)
    #[arg(long, global = true)]
    pub label: Option<String>,
    /// Top processes of the server (their descendants count too), for memory and processor use
    #[arg(long, global = true, value_delimiter = ',')]
    pub tree: Vec<u32>,
    /// Users' names; {} stands for the number
    #[arg(long, global = true, default_value = "user{}@example.test")]
    user_pattern: String,
    /// How many users there are
    #[arg(long, global = true, default_value_t = 100)]
    user_count: u64,
    /// Number of the first user
    #[arg(long, global = true, default_value_t = 1)]
    user_first: u64,
    /// Every user's password
    #[arg(long, global = true, default_value = "secret")]
    password: String,
    /// Longest wait for one answer, in seconds
    #[arg(long, global = true, default_value_t = 120)]
    timeout: u64,
    /// Threads of this client
    #[arg(long, global = true, default_value_t = 1)]
    pub threads: usize,
}

impl Server {
    pub fn limit(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub fn users(&self) -> Users {
        Users {
            pattern: self.user_pattern.clone(),
            count: self.user_count.max(1),
            first: self.user_first,
            password: self.password.clone(),
        }
    }
}

#[derive(Clone)]
pub struct Users {
    pattern: String,
    count: u64,
    first: u64,
    password: String,
}

impl Users {
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Name of the nth user, counted from 0.
    pub fn name(&self, n: u64) -> String {
        self.pattern.replace("{}", &(self.first + n).to_string())
    }

    pub fn password(&self) -> &str {
        &self.password
    }
}
