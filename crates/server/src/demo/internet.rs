//! The private internet: addresses, zones, nodes, people.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

use posthorn_accounts::{PasswordRecord, Salts};
use posthorn_base::{Address, Domain, Secret};
use posthorn_config::Settings;
use posthorn_dns::zone::{Zone, ZoneServer};
use posthorn_doctor::{Key, Plan, records, zone};
use posthorn_runtime::random;
use serde_json::{Value, json};

use super::{DemoError, Options};
use crate::admin::{
    self, AccountRequest, Admin, AliasRequest, DkimRequest, DomainRequest, DomainView, HashedPassword,
    KeyView, Request, Response, Text,
};
use crate::node::{Addresses, Node};

/// Domains of the demonstration, with the people who live there.
const DOMAINS: [(&str, &[&str]); 3] = [
    ("harbour.test", &["anna", "nora", "admin"]),
    ("meadow.test", &["bert", "admin"]),
    ("wreckers.test", &["mallory"]),
];
/// An alias at the second domain that sends on to somebody at the first.
const CLUB: (&str, &str) = ("club@meadow.test", "nora@harbour.test");
/// What harbour.test, which is a bank's too, asks of others.
const STRICT: (&str, &str) = (
    "v=spf1 mx -all",
    "v=DMARC1; p=reject; rua=mailto:dmarc-reports@harbour.test",
);
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
        let mut building = Building {
            nodes: Vec::new(),
            people: Vec::new(),
            dir,
            dns: bind,
        };
        for plot in plots {
            building.add_node(plot, &ports).await?;
        }
        // The keys are made by the nodes, and the world must know them before anything is signed with them.
        let keys = building.each(keys).await?;
        let dns = ZoneServer::start(bind, zones(&building.nodes, &keys)?).await?;
        building.each(publish).await?;
        let Building {
            nodes, people, dir, ..
        } = building;
        Ok(Self {
            dns,
            nodes,
            people,
            dir,
            is_temporary,
        })
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

/// What stands so far.
struct Building {
    nodes: Vec<DemoNode>,
    people: Vec<Person>,
    dir: PathBuf,
    /// Where the name server will be.
    dns: SocketAddr,
}

impl Building {
    /// Does something with the administration of each node, where blocking is allowed.
    async fn each<T: Send + 'static>(
        &self,
        work: fn(&Admin, &Domain) -> Result<T, DemoError>,
    ) -> Result<Vec<T>, DemoError> {
        let mut done = Vec::new();
        for node in &self.nodes {
            let (admin, domain) = (node.node.admin.clone(), node.domain.clone());
            let worked = tokio::task::spawn_blocking(move || work(&admin, &domain)).await;
            done.push(worked.map_err(|panic| DemoError::SetUp(panic.to_string()))??);
        }
        Ok(done)
    }

    async fn add_node(&mut self, plot: Plot, ports: &Ports) -> Result<(), DemoError> {
        let folder = self.dir.join(plot.domain.as_str());
        std::fs::create_dir_all(&folder).map_err(DemoError::system(folder.display()))?;
        let (config, data) = (folder.join("posthorn.toml"), folder.join("data"));
        let settings = settings(&plot, &data, ports, self.dns);
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
            Request::Domain(DomainRequest::Add(Text(domain.clone()))),
        ))?;
        add_club(admin, &domain)?;
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

/// The alias that sends on, at the domain that has it.
fn add_club(admin: &Admin, domain: &Domain) -> Result<(), DemoError> {
    let parse = |text: &str| Address::parse(text).map_err(|cause| DemoError::SetUp(cause.to_string()));
    let (address, target) = (parse(CLUB.0)?, parse(CLUB.1)?);
    if address.domain() != Some(domain) {
        return Ok(());
    }
    let add = AliasRequest::Add {
        address: Text(address),
        targets: vec![Text(target)],
    };
    done(admin::execute(admin, Request::Alias(add)))
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

/// The keys of a domain whose records must be in the DNS.
fn keys(admin: &Admin, domain: &Domain) -> Result<Vec<KeyView>, DemoError> {
    let list = Request::Dkim(DkimRequest::List(Some(Text(domain.clone()))));
    let Response::Keys(keys) = admin::execute(admin, list) else {
        return Err(DemoError::SetUp(format!("the keys of {domain} cannot be read")));
    };
    Ok(keys)
}

/// The records are published: new keys may sign.
fn publish(admin: &Admin, domain: &Domain) -> Result<(), DemoError> {
    for key in keys(admin, domain)?
        .into_iter()
        .filter(|key| key.state == "pending")
    {
        let activate = DkimRequest::Activate {
            domain: Text(domain.clone()),
            selector: key.selector,
        };
        done(admin::execute(admin, Request::Dkim(activate)))?;
    }
    Ok(())
}

/// What the world knows: where each domain takes mail, who may send for it and with which keys, and whose the
/// addresses are. The records are those that `posthorn dns records` shows.
fn zones(nodes: &[DemoNode], keys: &[Vec<KeyView>]) -> Result<Vec<Zone>, DemoError> {
    // With a root zone, a name that nobody has does not exist; without one it could not be asked for.
    let mut zones = vec![Zone::parse(".", "")?];
    let mut reverse = String::new();
    for (node, keys) in nodes.iter().zip(keys) {
        let DemoNode {
            domain, hostname, ip, ..
        } = node;
        let mut plan = Plan::new(domain.clone(), hostname.clone());
        plan.addresses = vec![*ip];
        plan.keys = keys.iter().filter_map(published).collect();
        if domain.as_str() == DOMAINS[0].0 {
            plan.spf = Some(STRICT.0.to_owned());
            plan.dmarc = Some(STRICT.1.to_owned());
        }
        let text = zone(&records(&plan), domain, &[hostname.to_string()]);
        zones.push(Zone::parse(domain.as_str(), &text)?);
        if let IpAddr::V4(ip) = ip {
            let [_, _, _, last] = ip.octets();
            reverse.push_str(&format!("{last} IN PTR {hostname}.\n"));
        }
    }
    zones.push(Zone::parse("0.0.127.in-addr.arpa", &reverse)?);
    Ok(zones)
}

fn published(key: &KeyView) -> Option<Key> {
    Some(Key {
        selector: key.selector.clone(),
        value: key.value.clone()?,
        is_pending: key.state == "pending",
    })
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
        Ok(Self {
            dns: free_name_port()?,
            protocols,
        })
    }
}

/// A port that is free for UDP and TCP where the name server will be.
fn free_name_port() -> Result<u16, DemoError> {
    for _ in 0..ATTEMPTS {
        let Ok(held) = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)) else {
            break;
        };
        let Ok(address) = held.local_addr() else { break };
        if TcpListener::bind(address).is_ok() {
            return Ok(address.port());
        }
    }
    Err(DemoError::SetUp(
        "no port is free for the name server; try --base-port".to_owned(),
    ))
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
