import {
  escapeHtml,
  type FakeContext,
  type FakeHandler,
  type FakeRequest,
  type FakeResponse,
  html,
  redirect,
  route,
} from './http.js'
import { newUser, organizationId } from './state.js'
import { addMember } from './users.js'

export const formOf = (request: FakeRequest) => new URLSearchParams(request.body)

/**
 * The characters that Python's `str.strip`, and so Django, removes; not exactly those of `trim`.
 */
const spaces =
  '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+'
const edges = new RegExp(`^${spaces}|${spaces}$`, 'g')
const addressIn = (form: URLSearchParams, field: string) =>
  (form.getAll(field).at(-1) ?? '').replace(edges, '')

export const csrfCookie = 'csrftoken'

/** Adds the hidden CSRF field to a form, and sets the cookie that it is compared with. */
export function withCsrf(context: FakeContext, page: (control: string) => FakeResponse) {
  const known = cookieOf(context.request, csrfCookie)
  const token = known ?? Math.random().toString(36).slice(2).padEnd(32, '0')
  const answer = page(`<input type="hidden" name="csrfmiddlewaretoken" value="${token}">`)
  const cookie = `${csrfCookie}=${token}; Path=/; SameSite=Lax`
  return { ...answer, headers: { ...answer.headers, 'set-cookie': [cookie] } }
}

export function cookieOf(request: FakeRequest, name: string): string | undefined {
  const pattern = new RegExp(`(?:^|;\\s*)${name}=([^;]*)`)
  return pattern.exec(request.headers.cookie ?? '')?.[1]
}

export function hasCsrf(request: FakeRequest): boolean {
  const cookie = cookieOf(request, csrfCookie)
  return cookie !== undefined && formOf(request).get('csrfmiddlewaretoken') === cookie
}

const csrfFailed = () => html(403, '<h1>Forbidden</h1><p>CSRF verification failed.</p>')

const signInPage = (context: FakeContext, error = '') =>
  withCsrf(context, (control) =>
    html(
      200,
      `${error}<form id="login-form" action="/user/login/?next=/" method="post">${control}
      <input type="text" class="lsf-input-ls" name="email" id="email" value="">
      <input type="password" name="password" id="password">
      <input type="checkbox" id="persist_session" name="persist_session" checked="checked" />
      <button type="submit">Log in</button></form>`,
    ),
  )

/** Compares the lower-cased input exactly, and sets the user's organization again. */
const signIn: FakeHandler = (context) =>
  signInAs(context, addressIn(formOf(context.request), 'email').toLowerCase())

/** Django's own form, for its admin and the browsable API. */
const signInByName: FakeHandler = (context) =>
  signInAs(context, addressIn(formOf(context.request), 'username').normalize('NFKC'))

const signInAs = (context: FakeContext, email: string): FakeResponse => {
  const { state, request } = context
  if (!hasCsrf(request)) return csrfFailed()
  const form = formOf(request)
  const user = [...state.users.values()].find((each) => each.email === email)
  const isRight = user?.password !== undefined && user.password === form.get('password')
  if (!isRight || !user.isActive) {
    return signInPage(context, "<p>The email and password you entered don't match.</p>")
  }
  user.activeOrganization = organizationId
  user.lastLogin = new Date().toISOString()
  context.signIn(user)
  return redirect('/')
}

const signUpPage = (context: FakeContext, errors: string[] = []) =>
  withCsrf(context, (control) =>
    html(
      200,
      `<form id="signup-form" action="/user/signup/" method="post">${control}
      ${errors.map((each) => `<p class="error">${escapeHtml(each)}</p>`).join('')}
      <input type="text" name="email" value=""><input type="password" name="password"></form>`,
    ),
  )

const signUp: FakeHandler = (context) => {
  const { state, options, request } = context
  if (!hasCsrf(request)) return csrfFailed()
  const token = request.query.get('token')
  const isLinkNeeded = !options.openSignUp || (token !== null && token !== '')
  if (isLinkNeeded && token !== state.inviteToken) return html(403, '<h1>Forbidden</h1>')
  const form = formOf(request)
  const email = addressIn(form, 'email').toLowerCase()
  const password = form.get('password') ?? ''
  const isTaken = [...state.users.values()].some((each) => each.email === email)
  if (isTaken) return signUpPage(context, ['User with this email already exists'])
  if (password.length < 8 || password.length > 128) {
    return signUpPage(context, ['Please enter a password 8-128 characters in length.'])
  }
  const username = email.split('@')[0] ?? ''
  const user = newUser(state.nextId(), {
    email,
    username,
    password,
    activeOrganization: organizationId,
  })
  state.users.set(user.id, user)
  addMember(context, user)
  context.signIn(user)
  return redirect('/')
}

const signOut: FakeHandler = () => ({
  ...redirect('/'),
  headers: { location: '/', 'set-cookie': ['sessionid=""; Max-Age=0; Path=/'] },
})

/** Redirects people with a session away from forms for people without one. */
const unlessSignedIn =
  (form: (context: FakeContext) => FakeResponse): FakeHandler =>
  (context) =>
    context.pageUser === undefined ? form(context) : redirect('/')

const page =
  (title: string): FakeHandler =>
  ({ pageUser, request }) =>
    pageUser === undefined
      ? redirect(request.path === '/' ? '/user/login/' : `/user/login/?next=${request.path}`)
      : html(200, `<h1>${title}</h1>`)

const open = { isOpen: true }

/** Pages for people: sign-in, sign-up by invite, sign-out, and two that need a session. */
export const pageRoutes = [
  route('GET', '/user/login/', unlessSignedIn(signInPage), open),
  route('POST', '/user/login/', signIn, open),
  route('GET', '/api-auth/login/', unlessSignedIn(signInPage), open),
  route('POST', '/api-auth/login/', signInByName, open),
  route('GET', '/admin/login/', unlessSignedIn(signInPage), open),
  route('POST', '/admin/login/', signInByName, open),
  route('GET', '/user/signup/', unlessSignedIn(signUpPage), open),
  route('POST', '/user/signup/', signUp, open),
  route('GET', '/logout', signOut, open),
  route('GET', '/', page('Home'), open),
  route('GET', '/projects/', page('Projects'), open),
  route('GET', '/static/fake.css', () => ({ status: 200, body: 'body {}' }), open),
]
