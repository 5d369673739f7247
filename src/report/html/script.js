"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SEVERITIES = ["error", "warning", "info"];
  const CONFIDENCES = ["high", "medium", "low"];
  const ROLES = {
    primary: ["●", "here"],
    loop: ["↻", "loop"],
    hop: ["↓", "call"],
    query: ["◆", "query"],
    rows: ["≡", "rows"],
    schema: ["▤", "schema"],
    related: ["·", "see"],
  };
  // How many findings of a group are put on the page at once.
  const STEP = 100;

  const state = { by: "rule", search: "", severity: new Set(SEVERITIES), confidence: new Set(CONFIDENCES), open: false };
  const byId = (id) => document.getElementById(id);

  /** An element with a class and children; texts among them are only ever texts. */
  function make(tag, name, ...children) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Prose in which `code` is set as code. */
  function prose(text) {
    const whole = document.createDocumentFragment();
    text.split(/(`[^`\n]+`)/).forEach((part) => {
      whole.append(/^`[^`\n]+`$/.test(part) ? make("code", "", part.slice(1, -1)) : part);
    });
    return whole;
  }

  const rules = new Map(data.rules.map((rule) => [rule.name, rule]));
  for (const finding of data.findings) {
    const places = finding.steps.map((step) => [step.path, step.text, ...step.code.map((line) => line.text)].join(" "));
    finding.words = [finding.rule, finding.message, finding.scope, finding.help ?? "", finding.id, ...finding.tables, ...places]
      .join(" ")
      .toLowerCase();
  }

  function wanted(finding) {
    return (
      state.severity.has(finding.severity) &&
      state.confidence.has(finding.confidence) &&
      state.search.split(/\s+/).every((word) => finding.words.includes(word))
    );
  }

  /** The names of the groups that a finding is in: it may be about several tables. */
  function names(finding) {
    if (state.by === "rule") return [finding.rule];
    if (state.by === "file") return [finding.path];
    return finding.tables.length > 0 ? finding.tables : ["no known table"];
  }

  function grouped(findings) {
    const groups = new Map();
    for (const finding of findings) {
      for (const name of names(finding)) {
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(finding);
      }
    }
    const last = (name) => name === "no known table";
    return [...groups].sort(
      ([a, first], [b, second]) => last(a) - last(b) || second.length - first.length || a.localeCompare(b),
    );
  }

  function code(line) {
    const letters = [...line.text];
    const part = (from, to) => letters.slice(from, to).join("");
    const row = make("span", "row", make("span", "number", String(line.number)));
    if (line.end > line.start) {
      row.append(part(0, line.start), make("mark", "", part(line.start, line.end)), part(line.end));
    } else {
      row.append(line.text);
    }
    return row;
  }

  function step(step, last) {
    const [sign, word] = ROLES[step.role];
    const aside = ["schema", "related"].includes(step.role) || last;
    const dot = make("span", "dot", sign);
    dot.setAttribute("aria-hidden", "true");
    const what = make("div", "what", make("span", "role", word), make("span", "", prose(step.text)));
    what.append(make("span", "place", `${step.path}:${step.line}:${step.column}`));
    const item = make("li", `step ${step.role}${aside ? " aside" : ""}`, dot, what);
    if (step.code.length > 0) item.append(make("pre", "", ...step.code.map(code)));
    return item;
  }

  function inside(finding) {
    const isAside = (nth) => ["schema", "related"].includes(finding.steps[nth + 1]?.role);
    const way = make("ol", "way", ...finding.steps.map((each, nth) => step(each, isAside(nth))));
    const list = make("dl");
    const entry = (word, ...content) => list.append(make("dt", "", word), make("dd", "", ...content));
    if (finding.note) entry("why", prose(finding.note));
    if (finding.help) entry("help", prose(finding.help));
    if (finding.fix) entry("fix", prose(finding.fix));
    if (finding.tables.length > 0) entry("tables", finding.tables.join(", "));
    const rule = rules.get(finding.rule);
    if (rule) {
      const link = make("a", "", finding.rule);
      link.href = rule.url;
      link.rel = "noreferrer";
      entry("rule", link, ` – ${rule.summary}`);
    }
    entry("id", make("code", "", finding.id));
    return make("div", "inside", way, list);
  }

  function card(finding) {
    const head = make("summary", "", make("span", "word", finding.severity), " ", prose(finding.message));
    const where = make("div", "where", make("span", "place", `${finding.path}:${finding.line}`));
    if (finding.scope) where.append(make("span", "", `in ${finding.scope}`));
    if (state.by !== "rule") where.append(make("span", "", finding.rule));
    if (state.by !== "table" && finding.tables.length > 0) where.append(make("span", "", `table ${finding.tables.join(", ")}`));
    if (finding.confidence !== "high") where.append(make("span", "", `${finding.confidence} confidence`));
    if (finding.suppressed) where.append(make("span", "", "suppressed"));
    head.append(where);
    const whole = make("details", `finding ${finding.severity}`, head);
    const fill = () => {
      if (whole.open && whole.children.length === 1) whole.append(inside(finding));
    };
    whole.addEventListener("toggle", fill);
    whole.open = state.open;
    fill();
    return whole;
  }

  /** Puts the next findings of a group on the page, and a button for those after them. */
  function fill(section, findings, from) {
    section.append(...findings.slice(from, from + STEP).map(card));
    const rest = findings.length - from - STEP;
    if (rest > 0) {
      const more = make("button", "more", `show ${Math.min(rest, STEP)} of ${rest} more`);
      more.type = "button";
      more.addEventListener("click", () => {
        more.remove();
        fill(section, findings, from + STEP);
      });
      section.append(more);
    }
  }

  function render() {
    const findings = data.findings.filter(wanted);
    const groups = grouped(findings);
    const main = byId("findings");
    main.replaceChildren();
    byId("groups").replaceChildren();
    groups.forEach(([name, members], nth) => {
      const count = () => make("span", "count", String(members.length));
      const link = make("a", "", make("span", "", name), count());
      link.href = `#group-${nth}`;
      byId("groups").append(link);
      const section = make("section", "", make("h2", "", name, " ", count()));
      section.id = `group-${nth}`;
      const rule = state.by === "rule" && rules.get(name);
      if (rule) section.append(make("p", "about", rule.summary));
      fill(section, members, 0);
      main.append(section);
    });
    if (groups.length === 0) {
      main.append(make("p", "none", data.findings.length === 0 ? "no findings" : "no finding is left by these filters"));
    }
    document.documentElement.style.setProperty("--header", `${document.querySelector("header").offsetHeight}px`);
  }

  function chips(id, words, chosen) {
    for (const word of words) {
      const count = data.findings.filter((finding) => finding[id] === word).length;
      if (count === 0) continue;
      const button = make("button", "", `${word} ${count}`);
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.addEventListener("click", () => {
        const on = !chosen.has(word);
        if (on) chosen.add(word);
        else chosen.delete(word);
        button.setAttribute("aria-pressed", String(on));
        render();
      });
      byId(id).append(button);
    }
  }

  document.title = `seqscan: ${data.project}`;
  byId("project").textContent = data.project;
  byId("summary").textContent = `${data.summary.join(" · ")} · seqscan ${data.version}`;
  if (data.unchecked.length > 0) {
    const box = byId("unchecked");
    box.hidden = false;
    box.querySelector("summary").textContent = `not checked: ${data.unchecked.length}`;
    box.querySelector("ul").append(...data.unchecked.map((line) => make("li", "", line)));
  }
  chips("severity", SEVERITIES, state.severity);
  chips("confidence", CONFIDENCES, state.confidence);
  for (const button of byId("group").children) {
    button.addEventListener("click", () => {
      state.by = button.dataset.by;
      for (const other of byId("group").children) other.setAttribute("aria-pressed", String(other === button));
      render();
    });
  }
  let waiting = 0;
  byId("search").addEventListener("input", (event) => {
    state.search = event.target.value.trim().toLowerCase();
    clearTimeout(waiting);
    waiting = setTimeout(render, 80);
  });
  byId("all").addEventListener("click", () => {
    state.open = !state.open;
    byId("all").textContent = state.open ? "close all" : "open all";
    render();
  });
  addEventListener("resize", () =>
    document.documentElement.style.setProperty("--header", `${document.querySelector("header").offsetHeight}px`),
  );
  render();
})();
