import express, { type Request, type Response, type Router } from 'express'
import { ScimError } from '../../errors.js'
import { failureOf } from '../api/answer.js'
import { getAuditCsv } from '../api/audit.js'
import { type Administrator, guardedAdministrator, withToken } from '../authorize.js'
import { requireNavigation } from '../navigation.js'
import type { SettingsContext } from '../options.js'
import { whyNotInForce } from '../reports/findings.js'
import { queryOf, requestIdOf, scopeOf, sendAnswer } from '../request.js'
import { icon } from './assets/icon.js'
import { script } from './assets/script.js'
import { style } from './assets/style.js'
import { type Frame, page } from './layout.js'
import { changeMapping, showMapping } from './mapping.js'
import { createSessions, type Session, type Sessions } from './session.js'
import {
  changePerson,
  changeStatus,
  showGroups,
  showLog,
  showPeople,
  showPerson,
  showStatus,
} from './tabs.js'
import { messageView, signInView } from './views/sign-in.js'
import { baseOf, type PageAnswer, type PageHandler, setPageHeaders, type Visit } from './visit.js'

/** Pages by path; `post` takes the forms of the page. */
const pages: Readonly<Record<string, { readonly get: PageHandler; readonly post?: PageHandler }>> =
  {
    '': { get: showMapping, post: changeMapping },
    '/people': { get: showPeople },
    '/people/:id': { get: showPerson, post: changePerson },
    '/groups': { get: showGroups },
    '/log': { get: showLog },
    '/status': { get: showStatus, post: changeStatus },
  }

const assets = {
  'style.css': ['text/css; charset=utf-8', style],
  'script.js': ['text/javascript; charset=utf-8', script],
  'icon.svg': ['image/svg+xml', icon],
} as const

const root = '/scim/settings'
const mostFields = 200_000

/** Mounts the settings page. */
export function mountPage(router: Router, context: SettingsContext): void {
  const sessions = createSessions({
    secret: context.sessionSecret,
    minutes: context.sessionMinutes,
    clock: context.clock,
  })
  const desk: Desk = { context, sessions }
  const readForm = express.text({
    type: 'application/x-www-form-urlencoded',
    limit: context.maxPayloadBytes,
  })
  for (const [name, [type, text]] of Object.entries(assets)) {
    router.get(`${root}/assets/${name}`, (_request, response) => {
      setPageHeaders(response)
      response.set('Cache-Control', 'public, max-age=300').type(type).send(text)
    })
  }
  for (const [path, { get, post }] of Object.entries(pages)) {
    router.get(`${root}${path}`, (request, response) => serve(desk, request, response, get))
    if (post) {
      router.post(`${root}${path}`, readForm, (request, response) => {
        serve(desk, request, response, post)
      })
    }
  }
  router.get(`${root}/log.csv`, (request, response) => guard(desk, request, response, sendLog))
  router.post(`${root}/sign-in`, readForm, (request, response) => {
    guard(desk, request, response, signIn)
  })
  router.post(`${root}/sign-out`, readForm, (request, response) => {
    guard(desk, request, response, signOut)
  })
  router.use(root, (error: unknown, request: Request, response: Response, _next: () => void) => {
    fail(desk, request, response, error)
  })
}

interface Desk {
  readonly context: SettingsContext
  readonly sessions: Sessions
}

type Work = (desk: Desk, request: Request, response: Response) => Promise<void>

function guard(desk: Desk, request: Request, response: Response, work: Work): void {
  setPageHeaders(response)
  work(desk, request, response).catch((error: unknown) => fail(desk, request, response, error))
}

function serve(desk: Desk, request: Request, response: Response, handler: PageHandler): void {
  guard(desk, request, response, async () => {
    const visit = await visitOf(desk, request, response)
    if (visit) send(response, await handler(visit))
  })
}

function send(response: Response, answer: PageAnswer): void {
  if ('redirect' in answer) response.redirect(303, answer.redirect)
  else
    response
      .status(answer.status ?? 200)
      .type('html')
      .send(answer.page)
}

/** Who visits, and what with; `undefined` once the sign-in form was shown instead. */
async function visitOf(
  desk: Desk,
  request: Request,
  response: Response,
): Promise<Visit | undefined> {
  const { context, sessions } = desk
  const known = sessions.read(request)
  const form = formOf(request)
  if (request.method === 'POST') requireNavigation(request)
  const administrator = await whoIs(context, request, known)
  const owner = { session: known, administrator }
  const isForm = request.method === 'POST'
  if (!isForm && !sessions.isRefresh(request, owner)) requireNavigation(request)
  if (isForm && (administrator || !known)) {
    sessions.checkForm(request, form.get('csrf') ?? '', owner)
  }
  if (!administrator) {
    showSignIn(desk, { request, response }, { known })
    return undefined
  }
  const session = known ?? sessions.begin(request, response)
  return {
    context,
    scope: scopeOf(request, response, administrator),
    frame: {
      base: baseOf(request),
      formToken: sessions.formToken(session, administrator),
      ...administrator,
      notInForce: await whyNotInForce(context),
      canSignOut: session.token !== undefined,
    },
    query: queryOf(request),
    form,
    parameters: request.params as Readonly<Record<string, string>>,
  }
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

function showSignIn(
  { sessions }: Desk,
  { request, response }: { readonly request: Request; readonly response: Response },
  { known, problem }: { readonly known: Session | undefined; readonly problem?: string },
): void {
  // A link from elsewhere comes without the cookie (SameSite): the page asks once more from its own site, so that
  // somebody who is signed in stays so.
  const isFromElsewhere = request.headers['sec-fetch-site'] === 'cross-site'
  if (isFromElsewhere && known === undefined) {
    response.set('Refresh', '0')
  }
  const session = known ?? (isFromElsewhere ? undefined : sessions.begin(request, response))
  const frame: Frame = {
    base: baseOf(request),
    formToken: session ? sessions.formToken(session, undefined) : '',
  }
  const content = signInView(frame, problem)
  send(response, { status: 401, page: page(frame, { title: 'Sign in', content }) })
}

async function signIn(desk: Desk, request: Request, response: Response): Promise<void> {
  const { context, sessions } = desk
  const known = sessions.read(request)
  const form = formOf(request)
  requireNavigation(request)
  sessions.checkForm(request, form.get('csrf') ?? '', { session: known, administrator: undefined })
  const token = form.get('token')?.trim() ?? ''
  const administrator = await whoIs(context, request, { id: '', token })
  if (!administrator) {
    showSignIn(desk, { request, response }, { known, problem: 'This token is not known here.' })
    return
  }
  sessions.begin(request, response, token)
  send(response, { redirect: baseOf(request) })
}

async function signOut(desk: Desk, request: Request, response: Response): Promise<void> {
  const { context, sessions } = desk
  requireNavigation(request)
  const session = sessions.read(request)
  const administrator = await whoIs(context, request, session)
  if (administrator) {
    sessions.checkForm(request, formOf(request).get('csrf') ?? '', { session, administrator })
  }
  sessions.end(request, response)
  send(response, { redirect: baseOf(request) })
}

async function sendLog(desk: Desk, request: Request, response: Response): Promise<void> {
  const visit = await visitOf(desk, request, response)
  if (!visit) return
  const { context, scope, query } = visit
  await sendAnswer(
    response,
    await getAuditCsv(context, { scope, query, body: undefined, ifMatch: undefined }),
  )
}

/** The fields of a form, also where the host has read the body already. */
function formOf(request: Request): URLSearchParams {
  const body: unknown = request.body
  const form = typeof body === 'string' ? new URLSearchParams(body) : fieldsOf(body)
  if ([...form.keys()].length > mostFields) throw new ScimError(413, 'The form is too large.')
  return form
}

function fieldsOf(body: unknown): URLSearchParams {
  const form = new URLSearchParams()
  if (typeof body !== 'object' || body === null) return form
  for (const [name, value] of Object.entries(body)) {
    // Some parsers make an object of a long list.
    const values = typeof value === 'object' && value !== null ? Object.values(value) : [value]
    for (const each of values) form.append(name, String(each))
  }
  return form
}

function fail({ context }: Desk, request: Request, response: Response, error: unknown): void {
  const requestId = requestIdOf(request)
  const known = failureOf(error)
  if (!known) context.onError(error, { requestId })
  if (response.headersSent) {
    response.destroy()
    return
  }
  setPageHeaders(response)
  const frame: Frame = { base: baseOf(request), formToken: '' }
  const title = known ? 'This did not work' : 'Something went wrong'
  const text = known?.detail ?? `The host’s log has it under ${requestId}.`
  const content = messageView(frame, title, text)
  response.set(known?.headers ?? {})
  send(response, { status: known?.status ?? 500, page: page(frame, { title, content }) })
}
