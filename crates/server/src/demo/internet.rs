//! The private internet: addresses, zones, nodes, people.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use posthorn_accounts::{PasswordRecord, Salts};
use posthorn_base::{Address, Domain, Secret};
use posthorn_config::Settings;
use posthorn_dns::zone::{Zone, ZoneServer};
use posthorn_runtime::random;
use serde_json::{Value, json};

use super::{DemoError, Options};
use crate::admin::{
    self, AccountRequest, Admin, DomainRequest, DomainView, HashedPassword, Request, Response, Text,
};
use crate::node::{Addresses, Node};

/// Domains of the demonstration, with the people who live there.
const DOMAINS: [(&str, &[&str]); 2] = [
    ("harbour.test", &["anna", "admin"]),
    ("meadow.test", &["bert", "admin"]),
];
/// The first node's address; the others follow. All of 127.0.0.0/8 is this machine.
const FIRST_HOST: u8 = 11;
/// What each node listens on, by the names of the settings.
const PROTOCOLS: [&str; 8] = [
    "smtp",
    "submission",
    "submissions",
    "imap",
    "imaps",
    "pop3",
    "pop3s",
    "http",
];
/// How often a set of free ports is looked for.
const ATTEMPTS: usize = 20;

/// Everything that runs.
pub(super) struct Internet {
    pub(super) dns: ZoneServer,
    pub(super) nodes: Vec<DemoNode>,
    pub(super) people: Vec<Person>,
    pub(super) dir: PathBuf,
    is_temporary: bool,
}

/// One domain's server.
pub(super) struct DemoNode {
    pub(super) domain: Domain,
    pub(super) hostname: Domain,
    pub(super) ip: IpAddr,
    pub(super) config: PathBuf,
    pub(super) data: PathBuf,
    pub(super) node: Node,
}

/// Somebody with a mailbox.
pub(super) struct Person {
    pub(super) address: Address,
    pub(super) password: Secret<String>,
    /// Which node, by its place.
    pub(super) node: usize,
}

/// One node before it runs.
struct Plot {
    domain: Domain,
    hostname: Domain,
    ip: Ipv4Addr,
}

impl Internet {
    pub(super) async fn start(options: &Options) -> Result<Self, DemoError> {
        let (dir, is_temporary) = folder(options)?;
        let plots = DOMAINS
            .iter()
            .enumerate()
            .map(|(index, (domain, _))| plot(index, domain));
        let plots = plots.collect::<Result<Vec<_>, _>>()?;
        let ports = Ports::choose(&plots, options.base_port)?;
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, ports.dns));
        let dns = ZoneServer::start(bind, zones(&plots)?).await?;
        let mut internet = Self {
            dns,
            nodes: Vec::new(),
            people: Vec::new(),
            dir,
            is_temporary,
        };
        for plot in plots {
            internet.add_node(plot, &ports).await?;
        }
        Ok(internet)
    }

    async fn add_node(&mut self, plot: Plot, ports: &Ports) -> Result<(), DemoError> {
        let folder = self.dir.join(plot.domain.as_str());
        std::fs::create_dir_all(&folder).map_err(DemoError::system(folder.display()))?;
        let (config, data) = (folder.join("posthorn.toml"), folder.join("data"));
        let settings = settings(&plot, &data, ports, self.dns.local_addr());
        std::fs::write(&config, settings.to_toml()).map_err(DemoError::system(config.display()))?;
        let failed = |cause| DemoError::Node {
            domain: plot.domain.to_string(),
            cause,
        };
        let node = Node::start(&settings).await.map_err(failed)?;
        let index = self.nodes.len();
        let people = DOMAINS.get(index).map_or(&[][..], |(_, people)| people);
        for name in people {
            let address = Address::parse(&format!("{name}@{}", plot.domain));
            let address = address.map_err(|cause| DemoError::SetUp(cause.to_string()))?;
            let password = Secret::new(format!("{}-{}", name, random::u64() % 1_000_000));
            self.people.push(Person {
                address,
                password,
                node: index,
            });
        }
        let Plot { domain, hostname, ip } = plot;
        let people: Vec<(Address, HashedPassword)> = self
            .people
            .iter()
            .filter(|person| person.node == index)
            .map(hash)
            .collect::<Result<_, _>>()?;
        let (admin, ours) = (node.admin.clone(), domain.clone());
        let populated = tokio::task::spawn_blocking(move || populate(&admin, ours, people)).await;
        populated.map_err(|panic| DemoError::SetUp(panic.to_string()))??;
        self.nodes.push(DemoNode {
            domain,
            hostname,
            ip: ip.into(),
            config,
            data,
            node,
        });
        Ok(())
    }

    /// Whose address begins with `name@`.
    pub(super) fn person(&self, name: &str) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.address.local().as_str() == name)
    }

    /// For scripts: every address, port, account and password.
    pub(super) fn ready_json(&self) -> String {
        let nodes: Vec<Value> = self.nodes.iter().map(DemoNode::to_json).collect();
        let account = |person: &Person| {
            let domain = self.nodes.get(person.node).map(|node| node.domain.to_string());
            json!({"address": person.address.to_string(), "password": person.password.declassify(), "node": domain})
        };
        let accounts: Vec<Value> = self.people.iter().map(account).collect();
        json!({"dns": self.dns.local_addr().to_string(), "nodes": nodes, "accounts": accounts}).to_string()
    }

    pub(super) async fn stop(self) {
        for node in self.nodes {
            node.node.stop().await;
        }
        self.dns.shutdown().await;
        if self.is_temporary {
            // Best effort: it lies in the system's folder for such things.
            drop(std::fs::remove_dir_all(&self.dir));
        }
    }
}

impl DemoNode {
    pub(super) fn addresses(&self) -> &Addresses {
        &self.node.addresses
    }

    fn to_json(&self) -> Value {
        let mut fields = self.addresses().to_json_value();
        let text = |path: &Path| Value::String(path.display().to_string());
        fields.insert("domain".to_owned(), Value::String(self.domain.to_string()));
        fields.insert("data".to_owned(), text(&self.data));
        fields.insert("config".to_owned(), text(&self.config));
        fields.insert("certificate".to_owned(), text(&self.data.join("certificate.pem")));
        Value::Object(fields)
    }
}

fn hash(person: &Person) -> Result<(Address, HashedPassword), DemoError> {
    let mut octets = [0; Salts::OCTETS];
    random::fill(&mut octets);
    let record = PasswordRecord::new(&person.password, &Salts::from_random(&octets));
    let record = record.map_err(|cause| DemoError::SetUp(cause.to_string()))?;
    Ok((person.address.clone(), HashedPassword(record)))
}

/// The domain and its people; what a demonstration before this one left in the folder stays, with the new
/// passwords.
fn populate(admin: &Admin, domain: Domain, people: Vec<(Address, HashedPassword)>) -> Result<(), DemoError> {
    let listed = admin::execute(admin, Request::Domain(DomainRequest::List));
    let is_there = |view: &DomainView| view.domain == domain.as_str();
    if !matches!(&listed, Response::Domains(domains) if domains.iter().any(is_there)) {
        done(admin::execute(
            admin,
            Request::Domain(DomainRequest::Add(Text(domain))),
        ))?;
    }
    for (address, password) in people {
        let (address, known) = (Text(address.clone()), Text(address));
        let change = AccountRequest::SetPassword {
            address: known,
            password: password.clone(),
        };
        if let Response::Refused(_nobody_yet) = admin::execute(admin, Request::Account(change)) {
            let add = AccountRequest::Add {
                address,
                password,
                quota_octets: 0,
            };
            done(admin::execute(admin, Request::Account(add)))?;
        }
    }
    Ok(())
}

fn done(response: Response) -> Result<(), DemoError> {
    if let Response::Refused(why) = response {
        return Err(DemoError::SetUp(why));
    }
    Ok(())
}

fn folder(options: &Options) -> Result<(PathBuf, bool), DemoError> {
    let (dir, is_temporary) = match &options.dir {
        Some(dir) => (dir.clone(), false),
        None => (
            std::env::temp_dir().join(format!("posthorn-demo-{}", random::session_id())),
            true,
        ),
    };
    std::fs::create_dir_all(&dir).map_err(DemoError::system(dir.display()))?;
    let dir = std::path::absolute(&dir).map_err(DemoError::system(dir.display()))?;
    Ok((dir, is_temporary))
}

fn plot(index: usize, domain: &str) -> Result<Plot, DemoError> {
    let bad = |cause: posthorn_base::DomainError| DemoError::SetUp(cause.to_string());
    let host = FIRST_HOST.saturating_add(u8::try_from(index).unwrap_or(u8::MAX));
    Ok(Plot {
        domain: Domain::parse(domain).map_err(bad)?,
        hostname: Domain::parse(&format!("mx.{domain}")).map_err(bad)?,
        ip: Ipv4Addr::new(127, 0, 0, host),
    })
}

/// What the world knows: where each domain takes mail, and whose the addresses are.
fn zones(plots: &[Plot]) -> Result<Vec<Zone>, DemoError> {
    // With a root zone, a name that nobody has does not exist; without one it could not be asked for.
    let mut zones = vec![Zone::parse(".", "")?];
    let mut reverse = String::new();
    for plot in plots {
        let Plot { domain, hostname, ip } = plot;
        let text = format!(
            "@ IN NS {hostname}.\n@ IN MX 10 {hostname}.\n@ IN A {ip}\nmx IN A {ip}\n\
             _imaps._tcp IN SRV 0 1 993 {hostname}.\n_submissions._tcp IN SRV 0 1 465 {hostname}.\n"
        );
        zones.push(Zone::parse(domain.as_str(), &text)?);
        let [_, _, _, last] = ip.octets();
        reverse.push_str(&format!("{last} IN PTR {hostname}.\n"));
    }
    zones.push(Zone::parse("0.0.127.in-addr.arpa", &reverse)?);
    Ok(zones)
}

/// Complete settings: `posthorn serve` with them runs the same node alone.
fn settings(plot: &Plot, data: &Path, ports: &Ports, dns: SocketAddr) -> Settings {
    let mut settings = Settings::new(plot.hostname.clone(), data.to_owned());
    let listen = &mut settings.listen;
    let lists = [
        &mut listen.smtp,
        &mut listen.submission,
        &mut listen.submissions,
        &mut listen.imap,
        &mut listen.imaps,
        &mut listen.pop3,
        &mut listen.pop3s,
        &mut listen.http,
    ];
    for (list, port) in lists.into_iter().zip(ports.protocols) {
        *list = vec![SocketAddr::from((plot.ip, port))];
    }
    // Nobody else is on loopback, and watching POP3 and IMAP in plain text is half of the demonstration.
    settings.login.allow_plaintext = true;
    settings.queue.port = ports.protocols[0];
    settings.queue.source_address = Some(plot.ip.into());
    settings.dns.resolvers = vec![dns];
    settings
}

/// The same ports on every node's address; the name server's on 127.0.0.1.
struct Ports {
    dns: u16,
    protocols: [u16; PROTOCOLS.len()],
}

impl Ports {
    fn choose(plots: &[Plot], base: Option<u16>) -> Result<Self, DemoError> {
        if let Some(base) = base {
            let mut protocols = [0; PROTOCOLS.len()];
            for (port, place) in protocols.iter_mut().zip(1..) {
                *port = base.saturating_add(place);
            }
            return Ok(Self { dns: base, protocols });
        }
        let mut protocols = [0; PROTOCOLS.len()];
        let mut taken = HashSet::new();
        for port in &mut protocols {
            *port = free_port(plots, &mut taken)?;
        }
        Ok(Self { dns: 0, protocols })
    }
}

/// A port that is free on the address of every node.
fn free_port(plots: &[Plot], taken: &mut HashSet<u16>) -> Result<u16, DemoError> {
    let listen = |ip: Ipv4Addr, port: u16| TcpListener::bind((ip, port));
    for _ in 0..ATTEMPTS {
        let Some(first) = plots.first() else { break };
        let Ok(held) = listen(first.ip, 0) else { break };
        let Ok(port) = held.local_addr().map(|address| address.port()) else {
            break;
        };
        let is_free = plots.iter().skip(1).all(|plot| listen(plot.ip, port).is_ok());
        if is_free && taken.insert(port) {
            return Ok(port);
        }
    }
    Err(DemoError::SetUp(
        "no port is free on 127.0.0.11 and its neighbours; try --base-port".to_owned(),
    ))
}
