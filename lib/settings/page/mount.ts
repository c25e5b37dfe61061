/// <reference path="./assets.d.ts" />
import type { NextFunction, Request, Response, Router } from 'express'
import { ScimError } from '../../errors.js'
import type { Exchange } from '../../http/exchange.js'
import { type Answer, failureOf } from '../api/answer.js'
import { getAuditCsv } from '../api/audit.js'
import { type Administrator, guardedAdministrator, withToken } from '../authorize.js'
import { requireNavigation } from '../navigation.js'
import type { SettingsContext } from '../options.js'
import { hasLabelStudio } from '../reports/connected.js'
import { whyNotInForce } from '../reports/findings.js'
import { answerWith, queryOf, scopeOf, sendAnswer } from '../request.js'
import { hasOwnWorkspaces } from '../rules/own-workspaces.js'
import icon from './assets/icon.svg'
import script from './assets/script.js'
import style from './assets/style.css'
import { changeConnect, showConnect } from './connect.js'
import { administratorLimits, type ReadStrangersForm, readForm, strangersForms } from './form.js'
import { type Layout, page } from './layout.js'
import { changeMapping, showKeptDraft, showMapping } from './mapping.js'
import { createSessions, type Session, type Sessions } from './session.js'
import {
  changePerson,
  changeStatus,
  showGroup,
  showGroups,
  showLog,
  showPeople,
  showPerson,
  showStatus,
} from './tabs.js'
import { whyUnknown } from './unknown-token.js'
import { messageView, signInView } from './views/sign-in.js'
import {
  baseOf,
  type PageAnswer,
  type PageHandler,
  type PageRequest,
  setPageHeaders,
} from './visit.js'
import { changeWorkspaces, showWorkspaces } from './workspaces.js'

/** Pages by path; `post` handles the forms of the page. */
const pages: Readonly<Record<string, { readonly get: PageHandler; readonly post?: PageHandler }>> =
  {
    '': { get: showMapping, post: changeMapping },
    '/people': { get: showPeople },
    '/people/:id': { get: showPerson, post: changePerson },
    '/groups': { get: showGroups },
    '/groups/:id': { get: showGroup },
    '/workspaces': { get: showWorkspaces, post: changeWorkspaces },
    '/log': { get: showLog },
    '/status': { get: showStatus, post: changeStatus },
    '/connect': { get: showConnect, post: changeConnect },
  }

const assets = {
  'style.css': ['text/css; charset=utf-8', style],
  'script.js': ['text/javascript; charset=utf-8', script],
  'icon.svg': ['image/svg+xml', icon],
} as const

const root = '/scim/settings'
const maxPlaceLength = 2_000
/** The path of every page, known or not. */
const anyPage = /^\/scim\/settings(\/|$)/i

/** Mounts the settings page. */
export function mountPage(router: Router, context: SettingsContext): void {
  const sessions = createSessions({
    secret: context.sessionSecret,
    minutes: context.sessionMinutes,
    clock: context.clock,
  })
  const pageContext: PageContext = {
    context,
    sessions,
    readStrangersForm: strangersForms(context),
  }
  for (const [name, [type, text]] of Object.entries(assets)) {
    router.get(`${root}/assets/${name}`, (_request, response) => {
      setPageHeaders(response)
      response.set('Cache-Control', 'public, max-age=300').type(type).send(text)
    })
  }
  for (const [path, { get, post }] of Object.entries(pages)) {
    router.get(`${root}${path}`, (request, response) => serve(pageContext, request, response, get))
    if (post) {
      router.post(`${root}${path}`, (request, response) =>
        serve(pageContext, request, response, post),
      )
    }
  }
  router.get(`${root}/log.csv`, (request, response) =>
    guard(pageContext, request, response, readLog),
  )
  router.post(`${root}/sign-in`, (request, response) =>
    guard(pageContext, request, response, signIn),
  )
  router.post(`${root}/sign-out`, (request, response) =>
    guard(pageContext, request, response, signOut),
  )
  // Redirects when the page after a submitted form is reloaded.
  router.get([`${root}/sign-in`, `${root}/sign-out`], (request, response) =>
    guard(pageContext, request, response, async () => ({ redirect: baseOf(request) })),
  )
  const showUnknown = (request: Request, response: Response) =>
    serve(pageContext, request, response, showUnknownPage)
  router.get(anyPage, showUnknown)
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    // The router cannot decode the path.
    if (error instanceof URIError && anyPage.test(request.path)) showUnknown(request, response)
    else next(error)
  })
}

async function showUnknownPage({ layout }: PageRequest): Promise<PageAnswer> {
  const title = 'Not found'
  const content = messageView(layout, title, 'There is no such page.')
  return { status: 404, page: page(layout, { title, content }) }
}

interface PageContext {
  readonly context: SettingsContext
  readonly sessions: Sessions
  readonly readStrangersForm: ReadStrangersForm
}

/** A page, a redirect, or a file. */
type Reply = PageAnswer | { readonly file: Answer }

type Work = (pageContext: PageContext, exchange: Exchange) => Promise<Reply>

function guard(pageContext: PageContext, request: Request, response: Response, work: Work): void {
  setPageHeaders(response)
  const { context } = pageContext
  answerWith<Reply>(
    context,
    { request, response },
    {
      work: (exchange) => work(pageContext, exchange),
      fail: (error, exchange) => failure(pageContext, exchange, error),
      send,
    },
  ).catch((error: unknown) => {
    context.onError(error, { requestId: '' })
    response.destroy()
  })
}

function serve(
  pageContext: PageContext,
  request: Request,
  response: Response,
  handler: PageHandler,
): void {
  guard(pageContext, request, response, async (_context, exchange) => {
    const pageRequest = await pageRequestOf(pageContext, exchange)
    return 'scope' in pageRequest ? handler(pageRequest) : pageRequest
  })
}

async function send(reply: Reply, response: Response): Promise<void> {
  if ('file' in reply) await sendAnswer(reply.file, response)
  else if ('redirect' in reply) response.redirect(303, reply.redirect)
  else
    response
      .status(reply.status ?? 200)
      .set(reply.headers ?? {})
      .type('html')
      .send(reply.page)
}

/** The request of a signed-in administrator; otherwise the sign-in form. */
async function pageRequestOf(
  pageContext: PageContext,
  exchange: Exchange,
): Promise<PageRequest | PageAnswer> {
  const { context, sessions, readStrangersForm } = pageContext
  const { request, response } = exchange
  const known = sessions.read(request)
  const isForm = request.method === 'POST'
  if (isForm) requireNavigation(request)
  const administrator = await whoIs(context, request, known)
  const owner = { session: known, administrator }
  const form = administrator
    ? await readForm(exchange, administratorLimits(context.maxPayloadBytes))
    : await readStrangersForm(exchange)
  if (isForm && !administrator && sessions.isOwnSite(request)) {
    const draft = keptDraft(request, form)
    const problem = 'Your session has ended, and nothing was done. Sign in, then do it again.'
    return showSignIn(pageContext, exchange, { known, ...(draft ? { draft } : { problem }) })
  }
  if (!isForm && !sessions.isRefresh(request, owner)) requireNavigation(request)
  if (isForm && (administrator || !known)) {
    sessions.checkForm(request, form.get('csrf') ?? '', owner)
  }
  if (!administrator) return showSignIn(pageContext, exchange, { known })
  const session = known ?? sessions.begin(request, response)
  return pageRequestFor(pageContext, exchange, { session, administrator, form })
}

/** The signed-in administrator, their session, and the fields of their form. */
interface SignedIn {
  readonly session: Session
  readonly administrator: Administrator
  readonly form: URLSearchParams
}

async function pageRequestFor(
  { context, sessions }: PageContext,
  exchange: Exchange,
  { session, administrator, form }: SignedIn,
): Promise<PageRequest> {
  const { request } = exchange
  const scope = scopeOf(exchange, administrator)
  return {
    context,
    scope,
    layout: {
      base: baseOf(request),
      formToken: sessions.formToken(session, administrator),
      ...administrator,
      labelStudioUrl: context.labelStudioUrl,
      notInForce: await whyNotInForce(context, scope),
      isUnconnected: !(await hasLabelStudio(context, scope)),
      hasWorkspaces: await hasOwnWorkspaces(context, scope),
      canSignOut: session.token !== undefined,
    },
    query: queryOf(request),
    form,
    scimUrl: scimUrlOf(request, context),
    parameters: request.params as Readonly<Record<string, string>>,
  }
}

/**
 * The rules in a form of the editor whose session has ended. They are only shown again; saving them
 * needs a new preview.
 */
function keptDraft(request: Request, form: URLSearchParams): string | undefined {
  if (!form.has('version') || request.path !== root) return undefined
  const kept = new URLSearchParams(form)
  for (const name of ['csrf', 'do', 'previewed', 'confirm']) kept.delete(name)
  return kept.toString()
}

/** A path becomes a URL at the origin of the page. */
function scimUrlOf(request: Request, { scimUrl }: SettingsContext): PageRequest['scimUrl'] {
  if (scimUrl === undefined || !scimUrl.startsWith('/'))
    return scimUrl ? { url: scimUrl } : undefined
  return { url: `${request.protocol}://${request.get('host') ?? ''}${scimUrl}`, path: scimUrl }
}

async function whoIs(
  context: SettingsContext,
  request: Request,
  session: Session | undefined,
): Promise<Administrator | undefined> {
  try {
    const presented = session?.token === undefined ? request : withToken(request, session.token)
    return await guardedAdministrator(presented, context)
  } catch (error) {
    if (error instanceof ScimError && error.status === 401) return undefined
    throw error
  }
}

interface SignInState {
  readonly known: Session | undefined
  readonly problem?: string
  /** A form to show again after the sign-in. */
  readonly draft?: string
  /** The page to show after the sign-in, below the settings. Default: the requested one. */
  readonly to?: string
}

/** The rest of the URL of a page below `base`, to which alone a sign-in leads. */
function placeBelow(base: string, request: Request): string {
  return placeOf(request.path.endsWith('.csv') ? '' : request.originalUrl.slice(base.length))
}

/** After `base`, it cannot lead to another host. */
function placeOf(to: string): string {
  return /^[/?]/.test(to) && to.length <= maxPlaceLength ? to : ''
}

function showSignIn(
  { sessions }: PageContext,
  { request, response }: Exchange,
  { known, problem, draft, to = placeBelow(baseOf(request), request) }: SignInState,
): PageAnswer {
  // A link from another site comes without the cookie (SameSite). The page then reloads from its
  // own site, so that a signed-in administrator stays signed in.
  const isFromElsewhere = request.headers['sec-fetch-site'] === 'cross-site'
  if (isFromElsewhere && known === undefined) {
    response.set('Refresh', '0')
  }
  const session = known ?? (isFromElsewhere ? undefined : sessions.begin(request, response))
  const layout: Layout = {
    base: baseOf(request),
    formToken: session ? sessions.formToken(session, undefined) : '',
  }
  const content = signInView(layout, { problem, draft, to })
  return { status: 401, page: page(layout, { title: 'Sign in', content }) }
}

async function signIn(pageContext: PageContext, exchange: Exchange): Promise<PageAnswer> {
  const { context, sessions } = pageContext
  const { request, response } = exchange
  const known = sessions.read(request)
  requireNavigation(request)
  const form = await pageContext.readStrangersForm(exchange)
  sessions.checkForm(request, form.get('csrf') ?? '', { session: known, administrator: undefined })
  const token = form.get('token')?.trim() ?? ''
  const to = placeOf(form.get('to') ?? '')
  const administrator = await whoIs(context, request, { id: '', token })
  if (!administrator) {
    const draft = form.get('draft')
    const problem = await whyUnknown(context, token)
    return showSignIn(pageContext, exchange, { known, problem, to, ...(draft && { draft }) })
  }
  const session = sessions.begin(request, response, token)
  const draft = form.get('draft')
  if (!draft) return { redirect: `${baseOf(request)}${to}` }
  const signedIn = { session, administrator, form: new URLSearchParams(draft) }
  return showKeptDraft(await pageRequestFor(pageContext, exchange, signedIn))
}

async function signOut(pageContext: PageContext, exchange: Exchange): Promise<PageAnswer> {
  const { context, sessions } = pageContext
  const { request, response } = exchange
  requireNavigation(request)
  const form = await pageContext.readStrangersForm(exchange)
  const session = sessions.read(request)
  const administrator = await whoIs(context, request, session)
  if (administrator) {
    sessions.checkForm(request, form.get('csrf') ?? '', { session, administrator })
  }
  sessions.end(request, response)
  return { redirect: baseOf(request) }
}

async function readLog(pageContext: PageContext, exchange: Exchange): Promise<Reply> {
  const pageRequest = await pageRequestOf(pageContext, exchange)
  if (!('scope' in pageRequest)) return pageRequest
  const { context, scope, query } = pageRequest
  return { file: await getAuditCsv(context, { scope, query, body: undefined, ifMatch: undefined }) }
}

function failure(
  { context }: PageContext,
  { request, requestId }: Exchange,
  error: unknown,
): PageAnswer {
  const known = failureOf(error)
  if (!known) context.onError(error, { requestId })
  const layout: Layout = { base: baseOf(request), formToken: '' }
  const title = known ? 'This did not work' : 'Something went wrong'
  const text = known?.detail ?? `The host’s log has it under ${requestId}.`
  const content = messageView(layout, title, text)
  return {
    status: known?.status ?? 500,
    page: page(layout, { title, content }),
    ...(known?.headers && { headers: known.headers }),
  }
}
