import type { StoredAuditEntry } from '../../../stores/audit-store.js'
import type { Finding } from '../../../stores/finding.js'
import { countOf, numberText } from '../../numbers.js'
import { type Progress, progressText } from '../../reports/progress.js'
import type { readRefusals } from '../../reports/refusals.js'
import type { Setup } from '../../reports/setup.js'
import type { PendingPerson, Status } from '../../reports/status.js'
import type { TokenSummary } from '../../rules/tokens.js'
import { type Html, html, type Part } from '../html.js'
import { badge, formToken, instant, type Layout } from '../layout.js'
import { logTable } from './log.js'

/** The status of provisioning. */
export function statusView(
  layout: Layout,
  view: {
    readonly status: Status
    readonly findings: readonly Finding[]
    readonly seats: { readonly supported: boolean; readonly used?: number; readonly limit?: number }
    readonly seatsFailure?: string
    readonly refusals: ReportedRefusals
    /** How many people and groups there are, and whether an identity provider has called. */
    readonly setup: Setup
    readonly tokens: readonly TokenSummary[]
    readonly notice?: Part
  },
): Html {
  const { status, setup } = view
  const isBusy = status.pending + status.fanningOut > 0 || status.import?.state === 'running'
  return html`<h1>Status</h1>
${view.notice}
${massLossPanel(layout, status)}
${stillInPanel(layout, status)}
<section class="card" aria-labelledby="work-title" id="work"${isBusy && html` data-refresh="2"`}>
<h2 id="work-title">Provisioning</h2>
<dl class="facts">
<dt>People and groups</dt><dd><a href="${layout.base}/people">${countOf(setup.people, 'person', 'people')}</a>, <a href="${layout.base}/groups">${countOf(setup.groups, 'group', 'groups')}</a></dd>
<dt>Identity provider last seen</dt><dd>${instant(status.lastContact)}</dd>
${lastFailedRequest(layout, status)}
<dt>Waiting to be updated</dt><dd>${countOf(status.pending, 'person', 'people')}${status.fanningOut > 0 && html` and others whom new rules affect`}${status.oldest !== undefined && isBusy && html` <span class="quiet">since ${instant(status.oldest)}</span>`}${status.progress && !status.paused && progressBar(status.progress)}</dd>
<dt>Failed</dt><dd>${countOf(status.failed, 'person', 'people')}</dd>
<dt>Last failure</dt><dd>${status.lastError ? html`<a href="${layout.base}/people/${encodeURIComponent(status.lastError.userId)}">${status.lastError.message}</a>` : html`<span class="quiet">none</span>`}</dd>
<dt>Reconciler</dt><dd>${reconcilerLine(status)}</dd>
${importLine(status)}
${seatLine(view)}
<dt>Version of the rules</dt><dd>${status.rulesVersion}</dd>
</dl>
${pauseForm(layout, status)}
</section>
${view.findings.length > 0 && findingsCard(view.findings)}
${status.waitingPeople.length > 0 && waitingCard(layout, status)}
${status.failedPeople.length > 0 && failedCard(layout, status)}
${status.lastFailures.length > 0 && historyCard(layout, status)}
${view.tokens.length > 0 && tokensCard(layout, view.tokens)}
${view.refusals.totalResults > 0 && refusalsCard(layout, view.refusals)}
${status.passedOver.length > 0 && passedOverCard(status)}`
}

function progressBar(progress: Progress): Html {
  const { done, total } = progress
  return html`<br><progress max="${total}" value="${done}" aria-label="Progress"></progress> <span class="quiet">${progressText(progress)}</span>`
}

function importLine({ import: last }: Status): Part {
  if (!last) return undefined
  const { state, at, startedAt, done, total } = last
  const text = {
    running: html`${badge('busy', 'Running')} <span class="quiet">since ${instant(startedAt)}</span>${total === undefined ? html` <span class="quiet">The accounts are being listed.</span>` : progressBar({ ...last, total })}`,
    succeeded: html`${instant(at)} <span class="quiet">${countOf(done, 'account', 'accounts')}</span>`,
    failed: html`${badge('bad', 'Failed')} <span class="quiet">${instant(at)}. It is tried again by itself.</span>`,
    interrupted: html`${badge('busy', 'Interrupted')} <span class="quiet">${instant(at)}. The next one begins when a host runs.</span>`,
  }
  return html`<dt>Import of accounts</dt><dd>${text[state]}</dd>`
}

function historyCard(layout: Layout, { lastFailures }: Status): Html {
  return html`<section class="card" aria-labelledby="history-title"><h2 id="history-title">Last failures</h2>
${logTable(lastFailures, layout)}
<p><a href="${layout.base}/log?outcome=failed">All of them in the log</a></p></section>`
}

function tokensCard(layout: Layout, tokens: readonly TokenSummary[]): Html {
  return html`<section class="card" aria-labelledby="uses-title"><h2 id="uses-title">Last request of each token</h2>
<dl class="facts">${tokens.map(({ name, state, lastUsedAt }) => html`<dt>${name}${state !== 'valid' && ` (${state})`}</dt><dd>${instant(lastUsedAt)}</dd>`)}</dl>
<p><a href="${layout.base}/connect">Manage tokens</a></p></section>`
}

type ReportedRefusals = Awaited<ReturnType<typeof readRefusals>>

const levels: Readonly<Record<Finding['level'], Html>> = {
  ok: badge('good', 'OK'),
  warning: badge('busy', 'Warning'),
  error: badge('bad', 'Does not work'),
}

function findingsCard(findings: readonly Finding[]): Html {
  return html`<section class="card" aria-labelledby="findings-title"><h2 id="findings-title">Label Studio</h2>
<dl class="facts">${findings.map(
    ({ level, message }) => html`<dt>${levels[level]}</dt><dd>${message}</dd>
`,
  )}</dl></section>`
}

const reconcilers: Readonly<Record<Status['reconciler'], Html>> = {
  running: badge('good', 'Running'),
  stopped: badge('bad', 'Stopped'),
  notHere: html`<span class="quiet">not in this process</span>`,
}

function reconcilerLine({ paused, reconciler }: Status): Part {
  if (!paused) return reconcilers[reconciler]
  return html`${badge('busy', 'Paused')} <span class="quiet">by ${paused.by} since ${instant(paused.since)}</span>`
}

function pauseForm(layout: Layout, { paused }: Status): Html {
  const about = paused
    ? 'Nobody is given anything, and no change of rules or groups takes anything. ' +
      'People who are deactivated or deleted still lose their access at once.'
    : 'A pause holds back what rules and groups give and take, on every host. ' +
      'Deactivated people still lose their access at once.'
  const [action, label] = paused ? ['resume', 'Resume'] : ['pause', 'Pause']
  return html`<form method="post" action="${layout.base}/status">${formToken(layout)}
<p class="quiet about">${about}</p>
<button class="button" name="do" value="${action}">${label}</button></form>`
}

/** The access that many people lost or would have lost within the last day. */
function massLossPanel(layout: Layout, { massLoss, massLossAllowedUntil }: Status): Part {
  if (!massLoss) return undefined
  const { at, cause, people, of, isRefused } = massLoss
  const isAllowed = massLossAllowedUntil !== undefined
  return html`<section class="panel warn" aria-labelledby="loss-title"><h2 id="loss-title">${isRefused ? 'A mass loss of access was held back' : 'Many people lost access'}</h2>
<p>${instant(at)}: ${cause} ${isRefused ? 'would have taken' : 'took'} access from ${numberText(people)} of ${numberText(of)} people within an hour.</p>
${isAllowed && html`<p>Confirmed: until ${instant(massLossAllowedUntil)} nothing is held back.</p>`}
${isRefused && !isAllowed && html`<form method="post" action="${layout.base}/status">${formToken(layout)}<button class="button" name="do" value="allowLoss">This is meant: let it through for an hour</button></form>`}
</section>`
}

/** People who still have access although the identity provider may believe that it ended. */
function stillInPanel(layout: Layout, { stillIn }: Status): Part {
  if (stillIn.length === 0) return undefined
  return html`<section class="panel warn" aria-labelledby="still-in-title"><h2 id="still-in-title">Still in, although they were to be removed</h2>
<p>The identity provider asked for the end of their access, and its request was not carried out. Correct what the answer names and send it again.</p>
<ul>${stillIn.map(
    ({ userId, userName, at, detail }) =>
      html`<li><a href="${layout.base}/people/${encodeURIComponent(userId)}">${userName}</a>, ${instant(at)}: ${detail}</li>`,
  )}</ul></section>`
}

function seatLine(view: Parameters<typeof statusView>[1]): Part {
  const { seats, seatsFailure } = view
  if (seatsFailure !== undefined)
    return html`<dt>Seats</dt><dd><span class="quiet">${seatsFailure}</span></dd>`
  if (!seats.supported || seats.used === undefined) return undefined
  const { used, limit } = seats
  const isFull = limit !== undefined && used >= limit
  return html`<dt>Seats</dt><dd>${numberText(used)}${limit !== undefined && ` of ${numberText(limit)}`} used${isFull && [' ', badge('bad', 'full')]}${
    limit !== undefined &&
    html`<br><meter min="0" max="${limit}" value="${used}" aria-label="Seats used"></meter>`
  }</dd>`
}

function lastFailedRequest(layout: Layout, { lastFailedRequest: entry }: Status): Part {
  if (!entry) return undefined
  return html`<dt>Its last request without success</dt><dd>${instant(entry.at)} <span class="quiet">${requestText(entry)}</span> <a href="${layout.base}/log?event=${entry.event}">Show in the log</a></dd>`
}

/** `okta: PATCH User ada@example.com, refused with status 400: Attribute …`. */
function requestText({ actor, target, outcome, status, detail = '' }: StoredAuditEntry): string {
  const [, method, reason = detail] = /^([A-Z]+): (.+)$/s.exec(detail) ?? []
  const parts = [method, target?.resourceType, target?.name ?? target?.id]
  const request = parts.filter((part) => part !== undefined && part !== '').join(' ') || 'a request'
  const answer = `${outcome}${status === undefined ? '' : ` with status ${status}`}`
  return `${actor}: ${request}, ${answer}${reason === '' ? '' : `: ${reason}`}`
}

function waitingCard(layout: Layout, status: Status): Html {
  return html`<section class="card" aria-labelledby="waiting-title"><h2 id="waiting-title">Waiting after a failure</h2>
<p class="quiet">They are tried again by themselves, at growing intervals.</p>
<div class="scroll" role="region" aria-label="People who wait" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Person</th><th scope="col">Failure</th><th scope="col">Next try</th></tr></thead>
<tbody>${status.waitingPeople.map(
    (person) =>
      html`<tr><th scope="row"><a href="${layout.base}/people/${encodeURIComponent(person.userId)}">${person.userName ?? person.userId}</a></th><td>${person.lastError}</td><td data-label="Next try">${instant(person.nextAt)}</td></tr>`,
  )}</tbody></table></div>
<form method="post" action="${layout.base}/status">${formToken(layout)}<button class="button" name="do" value="tryNow">Try now</button></form>
</section>`
}

const passedOverKinds = { attribute: 'Attribute', member: 'Member' } as const

function passedOverCard({ passedOver }: Status): Html {
  return html`<section class="card" aria-labelledby="passed-title"><h2 id="passed-title">Sent, and not kept</h2>
<p class="quiet">Attributes that no schema here has, and members who name nobody. The rest of these requests took effect.</p>
<div class="scroll" role="region" aria-label="What is passed over" tabindex="0"><table class="rows">
<thead><tr><th scope="col">What</th><th scope="col">Name</th><th scope="col">Times</th><th scope="col">Last</th></tr></thead>
<tbody>${passedOver.map(
    ({ kind, name, count, at }) =>
      html`<tr><td>${passedOverKinds[kind]}</td><td>${name}</td><td data-label="Times">${numberText(count)}</td><td data-label="Last">${instant(at)}</td></tr>`,
  )}</tbody></table></div></section>`
}

function refusalsCard(layout: Layout, { totalResults, refusals }: ReportedRefusals): Html {
  const hidden = totalResults - refusals.length
  return html`<section class="card" aria-labelledby="refusals-title"><h2 id="refusals-title">Would be refused</h2>
<p class="quiet">Requests of the last week that the rules do not give. The gate only reports them: once it enforces the rules, it refuses such requests.</p>
<div class="scroll" role="region" aria-label="What would be refused" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Person</th><th scope="col">Request</th><th scope="col">Why</th><th scope="col">Times</th><th scope="col">Last</th></tr></thead>
<tbody>${refusals.map((each) => refusalRow(layout, each))}</tbody></table></div>
${hidden > 0 && html`<p class="quiet">and ${numberText(hidden)} more, in <code>/api/scim/refusals</code></p>`}</section>`
}

function refusalRow(layout: Layout, refusal: ReportedRefusals['refusals'][number]): Html {
  const { person, userName, method, path, reason, count, at } = refusal
  const who =
    userName === undefined
      ? person
      : html`<a href="${layout.base}/people/${encodeURIComponent(person)}">${userName}</a>`
  return html`<tr><th scope="row">${who}</th><td><code>${method} ${path}</code></td><td>${reason}</td><td data-label="Times">${numberText(count)}</td><td data-label="Last">${instant(at)}</td></tr>
`
}

function failedCard(layout: Layout, status: Status): Html {
  return html`<section class="card" aria-labelledby="failed-title"><h2 id="failed-title">Failed</h2>
<p class="quiet">Label Studio refuses these changes, or they failed too often. Nothing is lost: they wait here until somebody tries again.</p>
<div class="scroll" role="region" aria-label="People whose change failed" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Person</th><th scope="col">Since</th><th scope="col">Failure</th><th scope="col"><span class="unseen">Try again</span></th></tr></thead>
<tbody>${status.failedPeople.map((person) => failedRow(layout, person))}</tbody></table></div>
<form method="post" action="${layout.base}/status">${formToken(layout)}<button class="button" name="do" value="retry">Try all ${numberText(status.failed)} again</button></form>
</section>`
}

function failedRow(layout: Layout, person: PendingPerson): Html {
  const name = person.userName ?? person.userId
  return html`<tr><th scope="row"><a href="${layout.base}/people/${encodeURIComponent(person.userId)}">${name}</a></th><td data-label="Since">${instant(person.since)}</td><td>${person.lastError}</td>
<td class="end"><form method="post" action="${layout.base}/status">${formToken(layout)}<input type="hidden" name="user" value="${person.userId}"><button class="button small" name="do" value="retry" aria-label="Try ${name} again">Try again</button></form></td></tr>
`
}
