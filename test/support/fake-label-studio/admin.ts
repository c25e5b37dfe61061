import {
  escapeHtml,
  type FakeContext,
  type FakeHandler,
  type FakeResponse,
  html,
  redirect,
  route,
} from './http.js'
import { formOf, hasCsrf, withCsrf } from './pages.js'
import { type FakeMember, type FakeUser, newMember } from './state.js'

type Errors = Record<string, string>

/**
 * Lets only superusers in. Everybody else, even if signed in, is sent to the admin's own sign-in.
 */
function forSuperusers(
  handler: (context: FakeContext, user: FakeUser) => FakeResponse,
): FakeHandler {
  return (context, id) => {
    const { state, pageUser, request } = context
    if (!pageUser?.isSuperuser) return redirect(`/admin/login/?next=${request.path}`)
    const user = id === undefined ? undefined : state.users.get(id)
    return user === undefined ? redirect('/admin/') : handler(context, user)
  }
}

const errorList = (errors: Errors, name: string) =>
  errors[name] === undefined
    ? ''
    : `<ul class="errorlist" id="id_${name}_error"><li>${escapeHtml(errors[name])}</li></ul>`

function changePage(context: FakeContext, user: FakeUser, errors: Errors = {}): FakeResponse {
  const text = (name: string, value: string, type = 'text') =>
    `${errorList(errors, name)}<input type="${type}" ` +
    `name="${name}"${value === '' ? '' : ` value="${escapeHtml(value)}"`} id="id_${name}">`
  const box = (name: string, isChecked: boolean) =>
    `<input type="checkbox" name="${name}" id="id_${name}"${isChecked ? ' checked' : ''}>`
  const [date = '', time = ''] = user.dateJoined.split(/[T.]/)
  const [loginDate = '', loginTime = ''] = (user.lastLogin ?? '').split(/[T.]/)
  return withCsrf(context, (control) =>
    html(
      200,
      `<form id="logout-form" method="post" action="/admin/logout/">${control}</form>
      <form method="post" id="user_form" novalidate>${control}
      ${text('email', user.email, 'email')}${text('username', user.username)}
      ${text('first_name', user.firstName)}${text('last_name', user.lastName)}
      ${context.options.strangeAdminForm ? '' : box('is_active', user.isActive)}
      ${box('is_staff', user.isStaff)}${box('is_superuser', user.isSuperuser)}
      ${text('last_login_0', loginDate)}${text('last_login_1', loginTime)}
      ${text('date_joined_0', date)}${text('date_joined_1', time)}
      <input type="hidden" name="initial-date_joined_0" value="${date}" id="initial-id_date_joined_0">
      <input type="submit" value="Save" class="default" name="_save"></form>`,
    ),
  )
}

/**
 * Clears whatever the form does not contain, as the real one does: a missing box is not checked.
 */
const change = forSuperusers((context, user) => {
  if (!hasCsrf(context.request)) return html(403, '<h1>Forbidden</h1>')
  const form = formOf(context.request)
  const errors = changeErrors(context, user, form)
  if (Object.keys(errors).length > 0) return changePage(context, user, errors)
  user.email = (form.get('email') ?? '').trim().replace(/@.*$/, (each) => each.toLowerCase())
  user.username = form.get('username') ?? ''
  user.firstName = form.get('first_name') ?? ''
  user.lastName = form.get('last_name') ?? ''
  user.isActive = form.has('is_active')
  user.isStaff = form.has('is_staff')
  user.isSuperuser = form.has('is_superuser')
  if (form.get('last_login_0') === '') user.lastLogin = undefined
  return redirect('/admin/users/user/')
})

function changeErrors({ state }: FakeContext, user: FakeUser, form: URLSearchParams): Errors {
  const email = (form.get('email') ?? '').trim()
  const isTaken = [...state.users.values()].some(
    (each) => each.id !== user.id && each.email === email,
  )
  const isEmail = email === '' || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)
  return {
    ...(!isEmail && { email: 'Enter a valid email address.' }),
    ...(isTaken && { email: 'User with this Email address already exists.' }),
    ...((form.get('username') ?? '') === '' && { username: 'This field is required.' }),
    ...((form.get('date_joined_0') ?? '') === '' && { date_joined: 'This field is required.' }),
  }
}

const passwordPage = (context: FakeContext, user: FakeUser, errors: Errors = {}) =>
  withCsrf(context, (control) =>
    html(
      200,
      `<form method="post" id="user_form">${control}
      <input type="text" name="username" value="${escapeHtml(user.username)}" class="hidden">
      <input type="radio" name="usable_password" value="true" id="id_usable_password_0" checked>
      <input type="radio" name="usable_password" value="false" id="id_usable_password_1">
      <input type="password" name="password1" id="id_password1">
      ${errorList(errors, 'password2')}<input type="password" name="password2" id="id_password2">
      <input type="submit" name="set-password" value="Change password">
      <input type="submit" name="unset-password" value="Disable"></form>`,
    ),
  )

const setPassword = forSuperusers((context, user) => {
  if (!hasCsrf(context.request)) return html(403, '<h1>Forbidden</h1>')
  const form = formOf(context.request)
  const password = form.get('password1') ?? ''
  if (password !== form.get('password2')) {
    return passwordPage(context, user, { password2: 'The two password fields didn’t match.' })
  }
  if (password.length < 8 || password.length > 128) {
    const said = 'Please enter a password 8–128 characters in length.'
    return passwordPage(context, user, { password2: said })
  }
  user.password = form.get('usable_password') === 'true' ? password : undefined
  user.passwordVersion += 1
  return redirect(`/admin/users/user/${user.id}/change/`)
})

/** Search and change of memberships, where a removed membership can be restored. */
export const onlySuperusers =
  (handler: FakeHandler): FakeHandler =>
  (context, id) =>
    context.pageUser?.isSuperuser
      ? handler(context, id)
      : redirect(`/admin/login/?next=${context.request.path}`)

const listSize = 100

const searchUsers = onlySuperusers(({ state, request, options }) => {
  // Django redirects from a filter that it does not know.
  const isUnknown = options.before117 && request.query.has('outstandingtoken__isnull')
  if (isUnknown) return redirect(`${request.path}?e=1`)
  const text = (request.query.get('q') ?? '').toLowerCase()
  const active = request.query.get('is_active__exact')
  const superuser = request.query.get('is_superuser__exact')
  const id = request.query.get('id__exact')
  const withTokens = request.query.get('outstandingtoken__isnull') === '0'
  const all = [...state.users.values()].filter(
    ({ email, isActive, isSuperuser, ...each }) =>
      email.toLowerCase().includes(text) &&
      (id === null || id === `${each.id}`) &&
      (!withTokens || each.outstandingTokens.length > 0) &&
      (active === null || isActive === (active === '1')) &&
      (superuser === null || isSuperuser === (superuser === '1')),
  )
  const page = Number(request.query.get('p') ?? 1)
  if (page > Math.max(1, Math.ceil(all.length / listSize))) return redirect(`${request.path}?e=1`)
  const found = all.slice((page - 1) * listSize, page * listSize)
  const rows = found.map(
    ({ id, email }) =>
      '<tr><th class="field-email"><a ' +
      `href="/admin/users/user/${id}/change/?_changelist_filters=q">${escapeHtml(email)}</a></th></tr>`,
  )
  return html(200, `<table id="result_list">${rows.join('')}</table>`)
})

const searchMembers = onlySuperusers(({ state, request }) => {
  const userId = Number(request.query.get('user__id__exact'))
  const found = [...state.members.values()].filter((each) => each.userId === userId)
  const rows = found.map(
    ({ id }) => `<a href="/admin/organizations/organizationmember/${id}/change/">member</a>`,
  )
  return html(200, rows.join(''))
})

function memberPage(context: FakeContext, member: FakeMember | undefined): FakeResponse {
  const [date = '', time = ''] = (member?.deletedAt ?? '').split(/[T.]/)
  const options = [...context.state.users.values()].map(
    ({ id, email }) =>
      '<option ' +
      `value="${id}"${id === member?.userId ? ' selected' : ''}>${escapeHtml(email)}</option>`,
  )
  return withCsrf(context, (control) =>
    html(
      200,
      `<form method="post" id="organizationmember_form" novalidate>${control}
      <select name="user" required id="id_user"><option value="">---------</option>${options.join('')}</select>
      <select name="organization" required id="id_organization">
      <option value="">---------</option><option value="1"${member ? ' selected' : ''}>Label Studio</option></select>
      <input type="text" name="deleted_at_0" value="${date}" id="id_deleted_at_0">
      <input type="text" name="deleted_at_1" value="${time}" id="id_deleted_at_1">
      <input type="submit" value="Save" name="_save"></form>`,
    ),
  )
}

const saveMember = onlySuperusers((context, id) => {
  if (!hasCsrf(context.request)) return html(403, '<h1>Forbidden</h1>')
  const { state } = context
  const form = formOf(context.request)
  const userId = Number(form.get('user'))
  if (!state.users.has(userId) || form.get('organization') !== '1')
    return memberPage(context, undefined)
  const date = form.get('deleted_at_0') ?? ''
  const deletedAt = date === '' ? undefined : `${date}T${form.get('deleted_at_1')}`
  const before = id === undefined ? undefined : state.members.get(id)
  const member = before ?? newMember(state.nextId(), userId, context.options.defaultRole)
  state.members.set(member.id, { ...member, userId, deletedAt })
  return redirect('/admin/organizations/organizationmember/')
})

const open = { isOpen: true }

/** The part of Django's admin that changes accounts. */
export const adminRoutes = [
  route('GET', '/admin/users/user/:id/change/', forSuperusers(changePage), open),
  route('POST', '/admin/users/user/:id/change/', change, open),
  route('GET', '/admin/users/user/:id/password/', forSuperusers(passwordPage), open),
  route('POST', '/admin/users/user/:id/password/', setPassword, open),
  route('GET', '/admin/users/user/', searchUsers, open),
  route('GET', '/admin/organizations/organizationmember/', searchMembers, open),
  route(
    'GET',
    '/admin/organizations/organizationmember/add/',
    onlySuperusers((context) => memberPage(context, undefined)),
    open,
  ),
  route('POST', '/admin/organizations/organizationmember/add/', saveMember, open),
  route(
    'GET',
    '/admin/organizations/organizationmember/:id/change/',
    onlySuperusers((context, id) =>
      memberPage(context, id === undefined ? undefined : context.state.members.get(id)),
    ),
    open,
  ),
  route('POST', '/admin/organizations/organizationmember/:id/change/', saveMember, open),
]
