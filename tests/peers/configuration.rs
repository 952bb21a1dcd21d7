//! The shipped files are accepted by the programs they are for, and agree with each other and with their README.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use support::files::shipped;
use support::{Error, Result, check, python};

fn text(name: &str) -> Result<String> {
    fs::read_to_string(shipped(name)).map_err(Error::io(format!("read {name}")))
}

fn yaml(name: &str) -> Result<Value> {
    python::yaml(&text(name)?)
}

fn strings(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// The variables that a file reads, with their defaults: `${env:NAME:-default}` and `${NAME:-default}`.
fn variables(content: &str) -> BTreeMap<String, String> {
    let expressions = content
        .split("${")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0));
    let named = expressions.map(|expression| expression.strip_prefix("env:").unwrap_or(expression));
    named
        .filter_map(|expression| expression.split_once(":-"))
        .map(|(name, default)| (name.to_owned(), default.to_owned()))
        .collect()
}

/// The queries that lead from a span of this store to metrics, as they stand in the file.
pub(crate) fn queries_of_the_way_back(store: &str) -> Result<Vec<String>> {
    let source = yaml(&format!("grafana/provisioning/datasources/{store}.yaml"))?;
    let queries = source.pointer("/datasources/0/jsonData/tracesToMetrics/queries");
    let queries = queries.and_then(Value::as_array).into_iter().flatten();
    Ok(queries
        .filter_map(|query| query.get("query")?.as_str())
        .map(str::to_owned)
        .collect())
}

#[test]
fn collector_accepts_its_file_alone_and_with_the_second_one() -> Result<()> {
    let first = shipped("collector.yaml");
    check::collector_configuration(&[&first])?;
    check::collector_configuration(&[&first, &shipped("collector-scrape.yaml")])
}

#[test]
fn collector_accepts_every_addition_of_the_readme() -> Result<()> {
    let readme = text("README.md")?;
    let additions: Vec<&str> = readme
        .split("--config '")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('\'')?.0))
        .collect();
    assert_eq!(additions.len(), 3, "{additions:?}");
    let files =
        ["collector.yaml", "collector-scrape.yaml"].map(|name| shipped(name).display().to_string());
    for addition in additions {
        check::collector_configuration(&[files[0].as_str(), &files[1], addition])?;
    }
    Ok(())
}

#[test]
fn collector_names_what_is_wrong() {
    let error = check::collector_configuration(&[shipped("collector-scrape.yaml")])
        .expect_err("an addition alone");
    assert!(
        error.to_string().contains("no exporter configuration"),
        "{error}"
    );
}

#[test]
fn prometheus_accepts_its_file_and_every_example() -> Result<()> {
    let directory = tempfile::tempdir().map_err(Error::io("create a folder"))?;
    let file = directory.path().join("prometheus.yml");
    let copied = |from: &str, to: &str| {
        fs::copy(shipped(from), directory.path().join(to))
            .map_err(Error::io(format!("copy {from}")))
    };
    copied("prometheus.yml", "prometheus.yml")?;
    check::prometheus_file(&file)?;
    fs::create_dir(directory.path().join("scrape.d")).map_err(Error::io("create scrape.d"))?;
    for example in ["application.yml", "collector.yml"] {
        copied(
            &format!("scrape-examples/{example}"),
            &format!("scrape.d/{example}"),
        )?;
    }
    check::prometheus_file(&file).map(drop)
}

#[test]
fn nothing_is_scraped_unless_asked_for() -> Result<()> {
    let prometheus = yaml("prometheus.yml")?;
    assert_eq!(prometheus["scrape_configs"], Value::Null);
    assert_eq!(
        strings(&prometheus["scrape_config_files"]),
        ["scrape.d/*.yml"]
    );
    Ok(())
}

#[test]
fn compose_mounts_what_is_there_and_sets_what_is_read() -> Result<()> {
    for file in ["compose.yaml", "compose-scrape.yaml"] {
        let compose = yaml(file)?;
        let services = compose["services"].as_object().expect("services");
        for (name, service) in services {
            let mounted: Vec<&str> = strings(&service["volumes"])
                .into_iter()
                .filter_map(|mount| mount.strip_prefix("./"))
                .collect();
            let mut read = BTreeSet::new();
            for source in mounted.iter().filter_map(|mount| mount.split(':').next()) {
                assert!(shipped(source).exists(), "{name} mounts {source}");
                if shipped(source).is_file() {
                    read.extend(variables(&text(source)?).into_keys());
                }
            }
            let set = service["environment"]
                .as_object()
                .into_iter()
                .flat_map(|set| set.keys());
            for variable in set.filter(|_| name != "grafana") {
                assert!(
                    read.contains(variable),
                    "{name} sets {variable}, which {mounted:?} do not read"
                );
            }
        }
    }
    Ok(())
}

#[test]
fn compose_runs_the_collector_of_the_manifest_with_the_flags_of_the_tests() -> Result<()> {
    let (compose, manifest) = (yaml("compose.yaml")?, yaml("builder.yaml")?);
    let version = manifest["dist"]["version"].as_str().expect("a version");
    let image = compose["services"]["collector"]["image"]
        .as_str()
        .expect("an image");
    assert_eq!(
        image,
        format!("otel/opentelemetry-collector-contrib:{version}")
    );
    let flags = strings(&compose["services"]["prometheus"]["command"]);
    assert!(
        flags.contains(&"--web.enable-otlp-receiver")
            && flags.contains(&"--enable-feature=exemplar-storage"),
        "{flags:?}"
    );
    Ok(())
}

#[test]
fn grafana_leads_from_exemplar_to_trace_and_back() -> Result<()> {
    let source = |name: &str| yaml(&format!("grafana/provisioning/datasources/{name}.yaml"));
    let prometheus = source("prometheus")?;
    let links = prometheus["datasources"][0]["jsonData"]["exemplarTraceIdDestinations"]
        .as_array()
        .expect("links")
        .clone();
    assert_eq!(links.len(), 2);
    for link in links {
        assert_eq!(link["name"], "trace_id");
        let store = source(link["datasourceUid"].as_str().expect("a data source"))?;
        let store = &store["datasources"][0];
        assert_eq!(store["uid"], link["datasourceUid"]);
        assert_eq!(
            store["jsonData"]["tracesToMetrics"]["datasourceUid"],
            prometheus["datasources"][0]["uid"]
        );
        let queries = queries_of_the_way_back(link["datasourceUid"].as_str().unwrap_or_default())?;
        assert!(
            !queries.is_empty() && queries.iter().all(|query| query.contains("$$__tags")),
            "{queries:?}"
        );
    }
    Ok(())
}

#[test]
fn tempo_takes_otlp_and_stores_locally() -> Result<()> {
    let tempo = yaml("tempo.yaml")?;
    assert!(tempo["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"].is_string());
    assert_eq!(tempo["storage"]["trace"]["backend"], "local");
    assert!(
        tempo["storage"]["trace"]["local"]["path"].is_string()
            && tempo["storage"]["trace"]["wal"]["path"].is_string()
    );
    Ok(())
}

#[test]
fn readme_lists_every_variable_with_its_default() -> Result<()> {
    let readme = text("README.md")?;
    for file in [
        "collector.yaml",
        "collector-scrape.yaml",
        "jaeger.yaml",
        "tempo.yaml",
    ] {
        for (name, default) in variables(&text(file)?) {
            assert!(
                readme.contains(&format!("| `{name}` | `{default}` |")),
                "{name} of {file}, default {default}"
            );
        }
    }
    Ok(())
}
