import { createHash, randomBytes } from 'node:crypto'
import type { PolicyDecision, PolicyQuestion } from '../../../lib/adapter/index.js'
import { decodedPath, isTricky } from './text.js'

/** Where Label Studio answers with what people wrote, and never with a page of its own. */
const content = /^\/(?:api|data|storage-data)\//

/** Pages that send forms; the others call the API. */
const withForms = /^\/(?:admin|django-rq|api-auth|user\/(?:login|signup))\//

/**
 * Runs in the pages of Label Studio only the scripts that it put there. Otherwise whoever may write
 * tasks could act for everybody who opens one: the Markdown tag shows frames with scripts.
 */
export function withOwnScripts(
  { request: { method = '', url, headers } }: PolicyQuestion,
  decision: PolicyDecision,
): PolicyDecision {
  if (decision.kind !== 'allow' || decision.answer?.isSandboxed) return decision
  const mayBeDocument = /^(?:GET|HEAD)$/.test(method) || /text\/html/i.test(headers.accept ?? '')
  // A socket passes only if its answer is not to be changed.
  if (!mayBeDocument || headers.upgrade !== undefined) return decision
  const path = decodedPath(url)
  // Whoever makes up an address that servers read differently does not decide what a page is.
  const isPage = path !== undefined && !isTricky(path) && !content.test(path)
  const forms = withForms.test(path ?? '') ? "'self'" : "'none'"
  const document = isPage ? (html: string) => withNonce(html, forms) : withoutScripts
  return { ...decision, answer: { ...decision.answer, document } }
}

function withoutScripts(html: string) {
  return { html, policy: 'sandbox' }
}

/** The event handlers in the HTML of Label Studio: of its error pages, and of one's account. */
const handlers = [
  'history.back()',
  'location.reload()',
  "window.location.href='/'",
  'smart_submit()',
]
const hashes = handlers.map(
  (each) => `'sha256-${createHash('sha256').update(each).digest('base64')}'`,
)

/**
 * Gives a nonce to the scripts that the server wrote, and to those that they load from the same
 * folders. Nothing else makes a script run: the Markdown tag makes script elements of SVG, which
 * could name any script below `/static/`, such as those that send the forms of the page. Frames
 * without an address are under the policies of their page. A form that somebody wrote into a task
 * would be taken for one of whoever clicks on it, and so would a click on a page in a frame.
 */
function withNonce(html: string, forms: string) {
  const nonce = randomBytes(18).toString('base64')
  const own = `'nonce-${nonce}'`
  const policy = [
    `script-src ${own} 'wasm-unsafe-eval' 'unsafe-hashes' ${hashes.join(' ')}`,
    "worker-src 'self' blob:",
    "base-uri 'none'",
    `form-action ${forms}`,
    "frame-ancestors 'none'",
  ].join('; ')
  const folders = [...html.matchAll(scripts)].flatMap(([, attributes = '']) =>
    [...attributes.matchAll(sourceFolder)].map(([, folder = '']) => folder),
  )
  const guards = [scriptGuard([...new Set(folders)]), linkGuard, backGuard, workerGuard].join('\n')
  const guard = `${referrer}<script nonce="${nonce}">${guards}</script>`
  const page = html
    .replaceAll(scripts, (whole, attributes?: string, text?: string) => {
      if (attributes === undefined) return whole
      const others = attributes.replaceAll(nonceAttribute, '')
      return `<script nonce="${nonce}"${others}>${text}</script`
    })
    .replace(/<head[^>]*>/i, (head) => `${head}${guard}`)
  return { html: page, policy, nonce }
}

/**
 * The policy of Label Studio itself. By `Referer` the gate knows which page asks, and a proxy may
 * have told the browser to leave it out.
 */
const referrer = '<meta name="referrer" content="same-origin">'

/** Comments, and scripts with their text: a `<script` within either is no element. */
const scripts = /<!--[\s\S]*?-->|<script(?=[\s>])([^>]*)>([\s\S]*?)<\/script/gi
/** In the attributes of a script, without the query. */
const sourceFolder = /\ssrc="([\w.:/-]*\/)[^"/?]*(?:\?[^"]*)?"/gi
const nonceAttribute = /\snonce=(?:"[^"]*"|'[^']*'|[^\s>]*)/gi

/**
 * The scripts of a page load others by their `src`, which nothing but a script can set so. Label
 * Studio would also load the text of a script, whoever wrote it, as a `blob:`.
 */
const scriptGuard = (folders: readonly string[]) => `{
  const { nonce } = document.currentScript
  const folders = ${JSON.stringify(folders)}.map((each) => new URL(each, location.href).href)
  const source = Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, 'src')
  Object.defineProperty(HTMLScriptElement.prototype, 'src', {
    ...source,
    set(address) {
      source.set.call(this, address)
      if (folders.some((each) => this.src.startsWith(each))) this.nonce = nonce
    },
  })
}`

/**
 * Label Studio fetches what a link leads to, even JSON, and runs the scripts in it, which this page
 * refuses. It leaves links with a target to the browser, so each gets one.
 */
const linkGuard = `addEventListener('click', (event) => {
  for (const each of event.composedPath()) {
    const isLink = each instanceof HTMLAnchorElement && !each.hasAttribute('target')
    if (isLink) each.target = '_self'
  }
}, true)`

/**
 * When the reader goes back, Label Studio fetches the page that it is at, as the editor fetches
 * what a task names. The gate has to tell them apart.
 */
const backGuard = `{
  const { fetch } = globalThis
  globalThis.fetch = (address, options) => {
    const isOfPage = address === location.href.replace(/#.*/, '')
    return fetch(address, isOfPage ? { ...options, mode: 'same-origin' } : options)
  }
}`

/**
 * Label Studio's service worker answers for addresses of storage files with what they redirect to,
 * also when a frame or the window opens one. Its scripts would then run at Label Studio's origin,
 * without the policy that the gate gave. All that the worker does is to remember redirects.
 */
const workerGuard = `{
  const workers = navigator.serviceWorker
  if (workers) {
    workers.register = () => Promise.reject(new Error('The gate allows no service worker.'))
    workers.getRegistration().then((registration) => registration?.unregister())
  }
}`
