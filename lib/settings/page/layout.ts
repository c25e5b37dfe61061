import { numberText } from '../numbers.js'
import { type Html, html, type Part } from './html.js'

/** The data that every page needs. */
export interface Layout {
  /** Where the settings are mounted, e.g. `/scim/settings`. */
  readonly base: string
  /** The token that forms must send back. */
  readonly formToken: string
  /** Who is signed in; absent on the sign-in page. */
  readonly actor?: string
  readonly tenant?: string
  /**
   * Set if the administrator signed in with a token and can sign out; otherwise the host's own
   * sign-in applies.
   */
  readonly canSignOut?: boolean
  /** URL of Label Studio, if the host gives it. */
  readonly labelStudioUrl?: string | undefined
  /** Set if workspaces are kept here; they have a page then. */
  readonly hasWorkspaces?: boolean
  /** Why rules are recorded but not in force; absent if they are in force. */
  readonly notInForce?: string | undefined
  /** Set if no Label Studio is connected: everything is only recorded. */
  readonly isUnconnected?: boolean
}

/** A page of the settings. */
export interface PageParts {
  readonly title: string
  readonly tab?: Tab
  readonly content: Part
}

/** Names of the tabs, which are also their paths. */
export type Tab = 'mapping' | 'people' | 'groups' | 'workspaces' | 'log' | 'status' | 'connect'

const tabs: readonly (readonly [Tab, string, string])[] = [
  ['mapping', '', 'Mapping'],
  ['people', '/people', 'People'],
  ['groups', '/groups', 'Groups'],
  ['workspaces', '/workspaces', 'Workspaces'],
  ['log', '/log', 'Log'],
  ['status', '/status', 'Status'],
  ['connect', '/connect', 'Connect'],
]

/** A whole document. */
export function page(layout: Layout, { title, tab, content }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · SCIM settings</title>
<link rel="icon" href="${layout.base}/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${layout.base}/assets/style.css">
<script src="${layout.base}/assets/script.js" type="module"></script>
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
${header(layout)}
${layout.actor !== undefined && navigation(layout, tab)}
<main id="main" tabindex="-1" data-form-token="${layout.formToken}">
${layout.isUnconnected && unconnectedBanner}
${content}
</main>
</body>
</html>
`.toString()
}

/** On every page, because each one speaks of access or of Label Studio. */
const unconnectedBanner = html`<div class="panel warn"><p><strong>No Label Studio is connected.</strong> People, groups and rules are recorded here, and nothing is changed elsewhere: what these pages say about access is what a Label Studio would get. Whoever runs this service can connect one.</p></div>`

function header(layout: Layout): Html {
  return html`<header class="top">
<div class="wide">
<p class="crumbs">${layout.labelStudioUrl !== undefined && html`<a href="${layout.labelStudioUrl}">Label Studio</a> <span aria-hidden="true">/</span> `}<span>Organization</span> <span aria-hidden="true">/</span> <strong>SCIM</strong></p>
${layout.actor !== undefined && account(layout)}
</div>
</header>`
}

function account(layout: Layout): Html {
  // The name that tokens have where nobody names a tenant.
  const hasTenants = layout.tenant !== 'default'
  return html`<div class="account">
<span class="quiet">${layout.actor}${hasTenants && ` · ${layout.tenant}`}</span>
${
  layout.canSignOut &&
  html`<form method="post" action="${layout.base}/sign-out">
${formToken(layout)}
<button class="button small">Sign out</button>
</form>`
}
</div>`
}

function navigation(layout: Layout, current: Tab | undefined): Html {
  return html`<nav class="tabs" aria-label="SCIM settings"><div class="wide">
${tabs
  .filter(([tab]) => tab !== 'workspaces' || layout.hasWorkspaces)
  .map(
    ([tab, path, label]) =>
      html`<a href="${layout.base}${path}"${tab === current && html` aria-current="page"`}>${label}</a>`,
  )}
</div></nav>`
}

/** The hidden field that every form must have. */
export function formToken(layout: Layout): Html {
  return html`<input type="hidden" name="csrf" value="${layout.formToken}">`
}

/**
 * A readable date and time, with the exact one in the attribute. It is in UTC, because the server
 * does not know the reader's zone.
 */
export function instant(at: string | undefined): Html {
  if (at === undefined) return html`<span class="quiet">never</span>`
  const text = `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`
  return html`<time datetime="${at}">${text}</time>`
}

/** A banner at the top of a page if rules are not in force. */
export function notInForceBanner({ notInForce }: Layout): Part {
  if (notInForce === undefined) return undefined
  return html`<div class="panel warn"><p><strong>Recorded, not in force.</strong> ${notInForce}</p></div>`
}

/** A word with a colour. The colour adds no information. */
export function badge(kind: 'good' | 'bad' | 'busy' | 'plain', text: string): Html {
  return html`<span class="badge ${kind}">${text}</span>`
}

/** Links to the previous and the next page. */
export function pager(options: {
  readonly path: string
  readonly query: URLSearchParams
  readonly offset: number
  readonly limit: number
  readonly total: number
}): Part {
  const { path, query, offset, limit, total } = options
  if (total <= limit && offset === 0) return undefined
  const link = (to: number, label: string) => {
    const next = new URLSearchParams(query)
    next.set('offset', String(to))
    return html`<a class="button small" href="${path}?${next.toString()}">${label}</a>`
  }
  const last = Math.min(offset + limit, total)
  return html`<nav class="pager" aria-label="Pages">
<span class="quiet">${numberText(offset + 1)}–${numberText(last)} of ${numberText(total)}</span>
${offset > 0 && link(Math.max(offset - limit, 0), 'Previous')}
${last < total && link(offset + limit, 'Next')}
</nav>`
}
