// Draws what one outcome holds: the text with its marks, probabilities, contributions, exemplars. Text is only ever
// set as text, never as HTML.
"use strict";
const showDetail = (() => {
  const ANSWERS = {
    read_sentence: sentence,
    read_customer: customer,
    score_reply: reply,
    next_step: advice,
    score_conversation: conversation,
    refused: (answer) => [el("p", "note", `The question was refused: ${data.sayings[answer.reason]}`)],
  };
  let data;
  let about;

  function el(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }

  const isMisstep = (label) => data.missteps.includes(label);
  const kind = (label) => (isMisstep(label) ? "misstep" : "step");
  const percent = (value) => value.toFixed(2);
  const signed = (value) => (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(2);

  // One line: a name, a bar of a length between 0 and 1, a figure.
  function meter(name, share, figure, className) {
    const bar = el("span", "fill");
    bar.style.width = `${Math.min(100, 100 * Math.abs(share))}%`;
    return el("li", className, el("span", "name", name), el("span", "track", bar), el("span", "figure", figure));
  }

  function probabilities(rows, note) {
    return rows.map(([label, value]) => meter(label, value, percent(value), `${kind(label)} ${note(label)}`));
  }

  function sentence(answer) {
    const note = (label) => (answer.claimed.includes(label) ? "claimed" : "");
    const list = el("ul", "meters", ...probabilities(answer.probability, note));
    const strong = answer.strong.length ? `Strong: ${answer.strong.join(", ")}. ` : "";
    const said = answer.claimed.length ? `Claimed: ${answer.claimed.join(", ")}. ` : "Nothing claimed. ";
    return [el("h4", "small", "Probabilities above .05"), list, el("p", "quiet", said + strong)];
  }

  function customer(answer) {
    const rows = [meter(answer.act, answer.act_probability, percent(answer.act_probability), "step claimed")];
    return [el("ul", "meters", ...rows, meter("upset", answer.upset, percent(answer.upset), "misstep"))];
  }

  function advice(answer) {
    const rows = answer.steps.filter(([, value], index) => index < 5 || value > 0.05);
    const then = `Stage ${answer.stage}; ${answer.pause ? "be silent now" : "no pause"}; `;
    const told = `customer ${answer.act}, upset ${percent(answer.upset)}.`;
    const list = el("ul", "meters", ...probabilities(rows, () => ""));
    return [el("h4", "small", "Steps advised"), list, el("p", "quiet", then + told)];
  }

  function reply(answer) {
    const score = el("p", "score", el("strong", "", answer.score.toFixed(2)), " of 100, ", answer.verdict.replaceAll("_", " ").toLowerCase());
    const sure = `Confidence ${percent(answer.confidence)}, customer upset ${percent(answer.upset)}.`;
    return [score, el("p", "quiet", sure), ...contributions(answer), ...findings(answer.findings)];
  }

  function contributions(answer) {
    const most = Math.max(1, ...answer.shares.map((share) => Math.abs(share.points)));
    const rows = answer.shares.map((share) => {
      const name = el("span", "", el("b", "", share.source || "ground"), el("small", "", data.sayings[share.reason]));
      return meter(name, share.points / most, signed(share.points), share.points < 0 ? "misstep" : "step");
    });
    const sum = answer.shares.reduce((whole, share) => whole + share.points, 0);
    const total = el("li", "total", el("span", "name", "adds up to"), el("span", "track"), el("span", "figure", sum.toFixed(2)));
    return [el("h4", "small", "Contributions"), el("ul", "meters points", ...rows, total)];
  }

  function findings(found) {
    if (!found.length) return [];
    const strength = (finding) => ["", ", weak", ", strong"][finding.strength];
    const rows = found.map((finding) =>
      el(
        "li",
        kind(finding.label),
        el("b", "", finding.label),
        ` ${percent(finding.probability)}${strength(finding)}`,
        data.sayings[finding.exemplar] ? el("small", "", `nearest exemplar: “${data.sayings[finding.exemplar]}”`) : null,
      ),
    );
    return [el("h4", "small", "Found"), el("ul", "findings", ...rows)];
  }

  function conversation(answer) {
    const rows = answer.moments.map((each) =>
      meter(`turn ${each.turn}: ${each.act}, stage ${each.stage}`, each.upset, percent(each.upset), "misstep"),
    );
    const replies = answer.replies.map(({ first_turn: first, last_turn: last, judgement }) => {
      const turns = first === last ? `turn ${first}` : `turns ${first} to ${last}`;
      return el("details", "", el("summary", "", `Reply at ${turns}: ${judgement.score.toFixed(2)}`), ...reply(judgement));
    });
    return [el("h4", "small", "Upset at each turn of the customer"), el("ul", "meters", ...rows), ...replies];
  }

  function findingsOf(answer) {
    if (answer.kind === "score_reply") return answer.findings;
    return answer.kind === "score_conversation" ? answer.replies.flatMap((each) => each.judgement.findings) : [];
  }

  // Spans count characters as Python does, by code point; they may overlap, so the text is cut at every edge.
  function marked(text, turn, found) {
    const points = Array.from(text);
    const spans = found.flatMap(({ label, spans }) => spans.filter((s) => s[0] === turn).map((s) => [s[1], s[2], label]));
    const edges = [...new Set([0, points.length, ...spans.flatMap(([start, end]) => [start, end])])].sort((a, b) => a - b);
    return edges.slice(1).flatMap((end, index) => {
      const piece = points.slice(edges[index], end).join("");
      const labels = [...new Set(spans.filter((s) => s[0] <= edges[index] && end <= s[1]).map((s) => s[2]))];
      if (!labels.length) return [piece];
      const mark = el("mark", labels.some(isMisstep) ? "misstep" : "step", piece);
      return [mark, ...labels.map((label) => el("span", `tag ${kind(label)}`, label)), " "];
    });
  }

  function said(role, ...text) {
    return el("div", `turn ${role}`, el("span", "role", role), el("p", "", ...text));
  }

  // One turn of a conversation; the one that the outcome is about stands out.
  function numbered(turn, index, found) {
    const made = said(turn.role, ...marked(turn.text, index, found));
    made.firstChild.append(`, turn ${index}`);
    made.classList.toggle("here", about === `turn ${index}`);
    return made;
  }

  // Spans of a conversation count its turns from 0; those of a reply count within the reply, which is one turn here.
  function turnsOf(question, answer) {
    const found = answer.kind === "score_conversation" ? findingsOf(answer) : [];
    return (data.turns[question.turns] ?? []).map((turn, index) => numbered(turn, index, found));
  }

  // What was asked; turns that the part before already showed are not shown again.
  function asked({ question, answer }, shownTurns) {
    if (!question) return [];
    const shown = question.turns !== undefined && question.turns !== shownTurns ? turnsOf(question, answer) : [];
    if (question.customer) shown.push(said("customer", question.customer));
    if (question.before) shown.push(said("agent", question.before));
    if (question.reply) shown.push(said("agent", ...marked(question.reply, 0, findingsOf(answer))));
    if (question.text) shown.push(said(question.kind === "read_customer" ? "customer" : "agent", question.text));
    return shown;
  }

  function part(each, shownTurns, several) {
    const name = /^\d+$/.test(each.part) ? `reply ${Number(each.part) + 1}` : each.part;
    const parts = [...asked(each, shownTurns), ...ANSWERS[each.answer.kind](each.answer)];
    if (each.was) parts.push(el("details", "", el("summary", "", "What the other run answered"), ...ANSWERS[each.was.kind](each.was)));
    return el("section", "part", several ? el("h4", "name", name) : null, ...parts);
  }

  // Labels as chips, those apart that the other side lacks; anything else as it is.
  function chips(own, other) {
    const areLabels = [own, other].every((text) => /^[A-Z_]+(, [A-Z_]+)*$|^none$/.test(text));
    if (!areLabels) return [own];
    const others = other.split(", ");
    return own.split(", ").map((label) => el("span", others.includes(label) ? "chip" : "chip apart", label));
  }

  function facts(outcome) {
    const list = el("dl", "facts");
    const add = (name, ...value) => list.append(el("div", "", el("dt", "", name), el("dd", "", ...value)));
    add("expected", ...chips(outcome.expected, outcome.found));
    add("found", ...chips(outcome.found, outcome.expected));
    if (outcome.wasFound !== null) add("other run", `${outcome.wasFound}${outcome.wasOk === null ? "" : outcome.wasOk ? " (right)" : " (wrong)"}`);
    if (outcome.confidence !== null) add("confidence", outcome.confidence.toFixed(2));
    add("slices", Object.entries(outcome.slices).map(([name, value]) => `${name} ${value}`).join(", ") || "none");
    return list;
  }

  return (place, outcome, all) => {
    data = all;
    about = outcome.part;
    const where = [outcome.suite, outcome.item.dataset, outcome.part].filter(Boolean).join(", ");
    const verdict = outcome.ok === null ? "open" : outcome.ok ? "right" : "wrong";
    const head = el("h3", "", outcome.id, el("span", `outcome ${verdict}`, verdict));
    const hidden = data.withTexts ? null : el("p", "note", "The text is left out: the page was made without it.");
    const parts = outcome.item.parts;
    const drawn = parts.map((each, index) => part(each, parts[index - 1]?.question?.turns, parts.length > 1));
    place.replaceChildren(head, el("p", "quiet", where), facts(outcome), ...(hidden ? [hidden] : []), ...drawn);
    place.scrollTop = 0;
  };
})();
