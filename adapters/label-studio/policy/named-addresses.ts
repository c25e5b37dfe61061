import type { IncomingMessage } from 'node:http'
import type { PolicyDecision } from '../../../lib/adapter/index.js'
import { decodedPath, isTricky } from './text.js'

/** Where Label Studio answers with more than files and the frame of a page. */
const withSecrets = /^\/(?:api|admin|user|django-rq)(?:\/|$)/

/** What its own scripts fetch in the same way: a person whose name is missing. */
const alsoOwn = /^\/api\/users\/\d+\/?$/

/** The page with the token of its reader and those of the API fetch so too. Nobody writes there. */
const ofAccount = /^\/(?:user\/account|docs)(?:\/|$)/

/**
 * Refuses what the editor fetches because a task or the labeling configuration names it. It would
 * show the API to whoever opens the task, and save parts of it in their annotation, where a Manager
 * reads them. Label Studio itself asks its API in the mode `same-origin`.
 */
export function refusalOfNamedAddress(request: IncomingMessage): PolicyDecision | undefined {
  const { headers, url } = request
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers
  const isNamed = site === 'same-origin' && destination === 'empty' && mode !== 'same-origin'
  if (!isNamed || ofAccount.test(pageOf(request))) return
  const path = decodedPath(url)
  const isPlain = path !== undefined && !isTricky(path)
  if (isPlain && (!withSecrets.test(path) || alsoOwn.test(path))) return
  const detail = 'Tasks cannot show what only Label Studio itself may ask for.'
  return { kind: 'refuse', status: 403, detail, reason: 'an address in a task' }
}

/** The path of the page that fetches, below the gate's mount path. */
function pageOf(request: IncomingMessage): string {
  const { referer = '' } = request.headers
  const { baseUrl = '' } = request as { readonly baseUrl?: string }
  const path = URL.canParse(referer) ? new URL(referer).pathname : ''
  return path.startsWith(baseUrl) ? path.slice(baseUrl.length) : ''
}
