import { countOf } from '../../numbers.js'
import type { Setup } from '../../reports/setup.js'
import type { MadeToken, TokenSummary } from '../../rules/tokens.js'
import { type Guide, guides } from '../guides.js'
import { type Html, html, type Part } from '../html.js'
import { badge, formToken, instant, type Layout } from '../layout.js'
import { copyField } from './copy-field.js'

/** The data of the page "Connect". */
export interface ConnectView {
  readonly setup: Setup
  /** Whether the identity provider has sent people. */
  readonly hasPeople: boolean
  /** Absent: tokens are given only in code. */
  readonly tokens: readonly TokenSummary[] | undefined
  /** The guide of the chosen identity provider. */
  readonly guide: Guide | undefined
  readonly scimUrl: ScimUrl | undefined
  readonly said?: Part
  /** The new token, which is shown only once. */
  readonly made?: MadeToken
}

/** The URL at which identity providers reach SCIM. */
export interface ScimUrl {
  readonly url: string
  /** Set if the URL depends on the address of the page. */
  readonly path?: string
}

/** Address, tokens, guide, and the next steps. */
export function connectView(layout: Layout, view: ConnectView): Html {
  return html`<h1>Connect an identity provider</h1>
<p class="quiet">It needs two things from here, a base URL and a token, and then sends its people and groups.</p>
${view.said}
${view.made && madePanel(view.made)}
${urlCard(view.scimUrl)}
${tokenCard(layout, view.tokens)}
${guideCard(layout, view.guide)}
${nextCard(layout, view)}`
}

function madePanel({ token, made }: MadeToken): Html {
  return html`<section class="panel good" aria-labelledby="made-title" tabindex="-1" autofocus>
<h2 id="made-title">Copy the token “${made.name}” now</h2>
<p>It is shown this once: only its digest is kept here.</p>
${copyField('made-token', 'Token', { value: token })}
</section>`
}

function urlCard(scimUrl: ScimUrl | undefined): Html {
  return html`<section class="card" aria-labelledby="url-title"><h2 id="url-title">1. Base URL</h2>
${
  scimUrl === undefined
    ? html`<p class="quiet about">Whoever runs this service knows it: the address at which SCIM is mounted.</p>`
    : [
        html`<p class="quiet about">The identity provider must reach it, over HTTPS.</p>`,
        copyField('scim-url', 'SCIM base URL', { value: scimUrl.url, path: scimUrl.path }),
      ]
}
</section>`
}

function tokenCard(layout: Layout, tokens: readonly TokenSummary[] | undefined): Html {
  const title = html`<h2 id="tokens-title">2. Token</h2>`
  if (!tokens) {
    return html`<section class="card" aria-labelledby="tokens-title">${title}
<p class="quiet about">Whoever runs this service gives it. <code>npx label-studio-scim token</code> makes one.</p></section>`
  }
  return html`<section class="card" aria-labelledby="tokens-title">${title}
<p class="quiet about">One for each identity provider. It opens SCIM, and nothing else.</p>
${tokens.length > 0 && tokenTable(layout, tokens)}
<form method="post" action="${layout.base}/connect" class="search">${formToken(layout)}
<label for="token-name" class="unseen">Name of the token</label>
<input type="text" id="token-name" name="name" required maxlength="100" placeholder="Name, e.g. okta" autocomplete="off">
<label for="token-days" class="unseen">When it expires</label>
<select id="token-days" name="days"><option value="365">expires in a year</option><option value="90">expires in 90 days</option><option value="">never expires</option></select>
<button class="button${tokens.length === 0 && ' primary'}" name="do" value="create">Make a token</button>
</form>
</section>`
}

function tokenTable(layout: Layout, tokens: readonly TokenSummary[]): Html {
  return html`<div class="scroll" role="region" aria-label="Tokens" tabindex="0"><table class="rows">
<thead><tr><th scope="col">Token</th><th scope="col">Last used</th><th scope="col">Expires</th><th scope="col"><span class="unseen">Manage</span></th></tr></thead>
<tbody>${tokens.map((token) => tokenRow(layout, token))}</tbody></table></div>`
}

const states = {
  valid: undefined,
  replaced: badge('busy', 'Rotated'),
  expired: badge('bad', 'Expired'),
} as const

function tokenRow(layout: Layout, token: TokenSummary): Html {
  const { id, name, state, createdAt, createdBy, expiresAt, lastUsedAt } = token
  return html`<tr><th scope="row">${name} ${states[state]}<br><span class="quiet">${
    id === undefined ? 'given in code' : html`made ${instant(createdAt)} by ${createdBy}`
  }</span></th><td data-label="Last used">${instant(lastUsedAt)}</td><td data-label="Expires">${expiresAt === undefined ? html`<span class="quiet">never</span>` : instant(expiresAt)}</td><td class="end">${id !== undefined && manage(layout, { ...token, id })}</td></tr>
`
}

function manage(layout: Layout, { id, name, state }: TokenSummary & { readonly id: string }): Html {
  const form = (content: Part) =>
    html`<form method="post" action="${layout.base}/connect" class="search">${formToken(layout)}<input type="hidden" name="id" value="${id}">${content}</form>`
  return html`<details class="more"><summary>Manage<span class="unseen"> ${name}</span></summary>
${form(html`<input class="inline" type="text" name="name" value="${name}" aria-label="New name of ${name}" required maxlength="100" autocomplete="off"> <button class="button small" name="do" value="rename">Rename</button>`)}
${state === 'valid' && form(html`<button class="button small" name="do" value="rotate">Rotate</button> <span class="quiet">a new token; this one works for a day more</span>`)}
${form(html`<button class="button small danger" name="do" value="revoke">Revoke</button> <span class="quiet">refused at once</span>`)}
</details>`
}

function guideCard(layout: Layout, chosen: Guide | undefined): Html {
  return html`<section class="card" aria-labelledby="guide-title" id="guide"><h2 id="guide-title">3. Enter both in the identity provider</h2>
<form class="search" action="${layout.base}/connect#guide">
<label for="idp" class="unseen">Identity provider</label>
<select id="idp" name="idp">${!chosen && html`<option value="">Which one do you use?</option>`}${guides.map(
    ({ id, name }) =>
      html`<option value="${id}"${id === chosen?.id && html` selected`}>${name}</option>`,
  )}</select>
<button class="button">Show how</button>
</form>
${
  chosen &&
  html`<ol class="steps">${chosen.steps.map((step) => html`<li>${step}</li>`)}</ol>
<p class="quiet">More of it: <code>docs/${chosen.id}.md</code> of this package.</p>`
}
</section>`
}

function nextCard(layout: Layout, { setup, hasPeople }: ConnectView): Html {
  const { lastContact, groups, hasRules } = setup
  const step = (isDone: boolean, title: Part, about: Part) =>
    html`<li class="${isDone ? 'done' : 'open'}"><strong>${title}</strong> ${isDone ? badge('good', 'Done') : badge('plain', 'Not yet')}<br><span class="quiet">${about}</span></li>`
  const isConnected = lastContact !== undefined
  return html`<section class="card" aria-labelledby="next-title" id="next"${!isConnected && html` data-refresh="3"`}><h2 id="next-title">What happens next</h2>
<ol class="steps" aria-live="polite">
${step(isConnected, 'The identity provider calls', isConnected ? html`Last seen ${instant(lastContact)}.` : 'Test the connection there; this page sees it.')}
${step(hasPeople, 'It sends people', hasPeople ? html`They are under <a href="${layout.base}/people">People</a>.` : 'Assign somebody there.')}
${step(groups > 0, 'It sends groups', groups > 0 ? html`<a href="${layout.base}/groups">${countOf(groups, 'group', 'groups')}</a>` : 'Push the groups that shall give access.')}
${step(hasRules, 'Rules give them roles, workspaces and projects', html`<a href="${layout.base}">Group mapping</a>: you see who changes before anything is saved.`)}
</ol></section>`
}

/** Shown on the page of rules if no identity provider has called and there are no rules. */
export function welcomePanel(layout: Layout): Html {
  return html`<section class="panel plain" aria-labelledby="welcome-title"><h2 id="welcome-title">No identity provider has called yet</h2>
<p>Give it the base URL and a token. It then sends people and groups, and the rules below say what each group gets in Label Studio.</p>
<p><a class="button primary" href="${layout.base}/connect">Connect an identity provider</a></p></section>`
}
