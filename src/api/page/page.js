// Shows the state of riskd. It only reads: there is no way to act from here.
"use strict";

const EVERY_MS = 1000;
const PATIENCE_MS = 3000;
const EVENTS = 100;

const place = (id) => document.getElementById(id);
let answered = null;
let lastEvent = null;
let started = null;

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Amounts are decimal strings and are shown as such: no number is rounded here.
function amount(text, sign) {
  if (text === null) return "unknown";
  const [, minus, whole, rest] = /^(-?)(\d+)(.*)$/.exec(text) || [null, "", text, ""];
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const isZero = /^0*$/.test(whole) && /^\.?0*$/.test(rest);
  const before = minus ? "\u2212" : sign && !isZero ? "+" : "";
  return before + grouped + rest;
}

function span(seconds) {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

const clock = (text) => new Date(text).toLocaleTimeString();
const moment = (text) => new Date(text).toLocaleString();

function fact(name, value, className) {
  const wide = className && className.includes("wide") ? "wide" : "";
  return element("div", wide, element("dt", "", name), element("dd", className || "", value));
}

function dataFact(account) {
  const never = account.data_age_seconds === null;
  const age = never ? "" : span(account.data_age_seconds);
  if (account.data === "good") return fact("Data", `good, ${age} old`, "");
  const reason = account.data_reason ? ` (${account.data_reason})` : "";
  const last = never ? "never since riskd started" : `${age} ago`;
  return fact("Data", `${account.data.toUpperCase()}${reason}, trustworthy ${last}`, "bad wide");
}

function pnlFact(account) {
  const text = amount(account.session_pnl, true);
  const source = account.session_pnl_from ? ` from ${account.session_pnl_from}` : "";
  const name = `Session P&L${source}`;
  if (account.session_pnl === null) return fact(name, text, "big soft");
  return fact(name, text, account.session_pnl.startsWith("-") ? "big bad" : "big");
}

function positions(account) {
  if (account.positions === null) return "unknown";
  if (account.positions.length === 0) return "flat";
  const worth = account.position_figures || [];
  return account.positions.map((held, place) => held + worthOf(worth[place])).join(", ");
}

function worthOf(position) {
  if (!position) return "";
  const parts = [];
  if (position.mark_price !== null) parts.push(`mark ${position.mark_price}`);
  if (position.notional !== null) parts.push(`notional ${amount(position.notional)}`);
  if (position.liquidation_price === "none") parts.push("no liquidation price");
  else if (position.liquidation_price !== null) parts.push(`liquidation ${position.liquidation_price}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function lockItem(lock) {
  const name = lock.kind === "lock" ? "LOCKED" : "CLOSE ONLY";
  const until = lock.until === "manual" ? "until a person unlocks it" : `until ${moment(lock.until)}`;
  return element("li", "", element("b", "bad", name), ` ${until}: ${lock.reason}`);
}

const STATES = {
  armed: ["armed", "good"],
  building: ["true, not yet for long enough", "near"],
  fired: ["FIRED", "bad"],
  unknown: ["unknown", "near"],
};

function ruleItem(rule) {
  const [name, className] = STATES[rule.state] || [rule.state, ""];
  const words = rule.spent ? `${name}, does not act before it is armed` : name;
  const state = element("span", `tag ${className}`, words);
  const item = element("li", "", element("div", "row", element("span", "", rule.rule), state));
  const numbers = [];
  if (rule.value !== null) numbers.push(`at ${amount(rule.value)}`);
  if (rule.limit !== null) numbers.push(`limit ${amount(rule.limit)}`);
  if (rule.distance !== null) numbers.push(`${amount(rule.distance)} left`);
  const used = rule.used === null ? null : Math.min(Math.max(Number(rule.used), 0), 1);
  const share = used === null ? "" : `${Math.floor(used * 100)} % used`;
  if (numbers.length > 0 || share) {
    item.append(element("div", "row soft", element("span", "", numbers.join(" · ")), element("span", "", share)));
  }
  if (rule.fired_at !== null) {
    item.append(element("div", "soft", `fired ${moment(rule.fired_at)}; riskd why ${rule.firing} tells all`));
  }
  if (rule.held_back) item.append(element("div", "soft", "a looser form waits for the next session"));
  if (used !== null) {
    const fill = element("div", "");
    fill.style.width = `${used * 100}%`;
    const level = used >= 1 ? "bar bad" : used >= 0.7 ? "bar near" : "bar";
    const bar = element("div", level, fill);
    bar.setAttribute("aria-hidden", "true");
    item.append(bar);
  }
  return item;
}

function enforcement(account) {
  if (account.enforcement === null) return null;
  const { goals, round, failed_reads: failed } = account.enforcement;
  const reads = failed > 0 ? `, ${failed} reads in a row failed` : "";
  const text = `making it ${goals.join(" and ")}: round ${round}${reads}`;
  return fact("Enforcement", text, "bad wide");
}

function accountCard(account) {
  const fired = account.rules.some((rule) => rule.state === "fired");
  const title = element("header", "",
    element("h2", "", account.account),
    element("span", "soft", `${account.number} at ${account.venue}`));
  const facts = element("dl", "",
    pnlFact(account), dataFact(account),
    fact("Balance", amount(account.balance)), fact("Equity", amount(account.equity)),
    fact("Open result", amount(account.unrealized, true)),
    fact("Working orders", account.working_orders === null ? "unknown" : String(account.working_orders)),
    account.maintenance_margin === null ? null : fact("Maintenance margin", amount(account.maintenance_margin)),
    fact("Positions", positions(account), "wide"),
    fact("Session", account.session || "none"),
    account.next_session_opens ? fact("Next opens", moment(account.next_session_opens)) : null,
    enforcement(account));
  const locks = element("ul", "locks", ...account.locks.map(lockItem));
  const rules = element("ul", "rules", ...account.rules.map(ruleItem));
  const card = element("article", fired ? "fired" : "", title, facts, locks, rules);
  return card;
}

function problems(status) {
  const found = [];
  if (!status.ready) found.push("Not every account was observed since the start.");
  if (status.record.state !== "good") found.push(`The record cannot be written: ${status.record.reason || ""}`);
  if (status.rules.refused !== null) found.push(`The rule file is refused since ${moment(status.rules.refused_since)}, older rules are in force: ${status.rules.refused}`);
  for (const venue of status.venues) {
    if (venue.failure !== null) found.push(`Venue ${venue.venue}: ${venue.failure}`);
  }
  for (const account of status.accounts) {
    const names = account.rules.filter((rule) => rule.exposed).map((rule) => rule.rule);
    if (names.length > 0) found.push(`${account.account} is beyond the limit of what has fired and does not act before it is armed: ${names.join(", ")}`);
  }
  return found;
}

function daemonFacts(status) {
  const facts = [
    fact("Version", `${status.version}, process ${status.pid}`),
    fact("Started", moment(status.started)),
    fact("Rules", `${status.rules.enabled} in force since ${moment(status.rules.loaded)}, hash ${status.rules.hash.slice(0, 12)}`),
    fact("Record", `${status.record.state}: ${status.record.database}`),
  ];
  for (const venue of status.venues) {
    const last = venue.last_poll_ms === null ? "never" : `${(venue.last_poll_ms / 1000).toFixed(1)} s ago`;
    facts.push(fact(`Venue ${venue.venue}`,
      `polled ${last}, ${venue.failed_polls} of ${venue.polls} polls failed, budget ${venue.budget_left} of ${venue.budget}`));
  }
  if (status.reaction.count > 0) {
    facts.push(fact("Observation to first request",
      `median ${status.reaction.p50_us} µs, longest ${status.reaction.max_us} µs`));
  }
  return facts;
}

function show(status) {
  if (started !== status.started) {
    // Another process, perhaps with another record: its events are asked for afresh.
    started = status.started;
    lastEvent = null;
    place("events").replaceChildren();
  }
  const mode = status.mode === "enforce" ? "ENFORCES" : "ONLY OBSERVES: nothing is sent";
  place("mode").replaceChildren(element("b", status.mode === "enforce" ? "good" : "near", mode));
  place("problems").replaceChildren(...problems(status).map((text) => element("li", "bad", text)));
  place("accounts").replaceChildren(...status.accounts.map(accountCard));
  place("daemon").replaceChildren(...daemonFacts(status));
  const fired = status.accounts.filter((a) => a.rules.some((r) => r.state === "fired")).length;
  document.title = fired > 0 ? `riskd: fired on ${fired}` : "riskd";
}

const MARKS = {
  bad: ["fired", "enforcement_stuck", "lock_violated", "record_failed", "rules_refused", "notify_failed", "data_lost"],
  near: ["warned", "data_suspect", "not_yet", "verify_failed", "rule_unknown", "would_send", "enforcement_slowed"],
  good: ["verified", "ready"],
};

function mark(kind) {
  return Object.keys(MARKS).find((name) => MARKS[name].includes(kind)) || "soft";
}

function eventItem(event) {
  const when = element("time", "", clock(event.time));
  when.dateTime = event.time;
  when.title = moment(event.time);
  return element("li", "", when, element("span", `tag ${mark(event.kind)}`, event.kind), ` ${event.message}`);
}

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), cache: "no-store" });
  const text = await answer.text();
  if (!answer.ok) {
    let words = `${answer.status}`;
    try { words = JSON.parse(text).error || words; } catch { /* not JSON: the status says it */ }
    throw new Error(words);
  }
  return text;
}

async function showEvents() {
  const query = lastEvent === null ? `limit=${EVENTS}` : `after_id=${lastEvent}`;
  const text = await ask(`events?${query}`);
  const events = text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  if (lastEvent === null) lastEvent = 0;
  for (const event of events) {
    lastEvent = event.id;
    place("events").prepend(eventItem(event));
  }
  while (place("events").children.length > EVENTS) place("events").lastChild.remove();
}

function away(error) {
  const since = answered === null ? "since this page was opened" : `since ${answered.toLocaleTimeString()}`;
  const shown = answered === null ? "" : " What is below is old.";
  place("away").textContent = `No answer from riskd ${since} (${error.message}).${shown}`;
  place("away").hidden = false;
  document.body.classList.add("away");
  document.title = "riskd: no answer";
}

async function turn() {
  try {
    show(JSON.parse(await ask("status")));
    answered = new Date();
    place("answered").textContent = `answered ${answered.toLocaleTimeString()}`;
    place("away").hidden = true;
    document.body.classList.remove("away");
  } catch (error) {
    away(error);
  }
  try {
    await showEvents();
  } catch (error) {
    // The record may be away while the daemon is not; the next turn asks again.
    console.debug(error);
  }
  setTimeout(turn, EVERY_MS);
}

turn();
