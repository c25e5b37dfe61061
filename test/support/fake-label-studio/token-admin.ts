import { onlySuperusers } from './admin.js'
import { type FakeContext, html, redirect, route } from './http.js'
import { formOf, hasCsrf, withCsrf } from './pages.js'
import { randomKey } from './state.js'

const path = '/admin/authtoken/tokenproxy/'

/** Like every page of the admin, with a form to sign out. */
const page = (context: FakeContext, content: string) =>
  withCsrf(context, (control) =>
    html(
      200,
      `<form id="logout-form" method="post" action="/admin/logout/">${control}</form>${content}`,
    ),
  )

/** The rows link the number of the account, not that of the token. */
const list = onlySuperusers((context) => {
  const userId = context.request.query.get('user__id__exact')
  const rows = [...context.state.users.values()]
    .filter(({ id, legacyToken }) => legacyToken !== '' && (!userId || userId === `${id}`))
    .map(
      ({ id, email, legacyToken }) =>
        `<tr><th class="field-key"><a href="${path}${id}/change/?_changelist_filters=user">` +
        `${legacyToken}</a></th><td class="field-user nowrap">${email}</td></tr>`,
    )
  return page(context, `<table id="result_list">${rows.join('')}</table>`)
})

const remove = onlySuperusers(({ state, request }, id) => {
  if (!hasCsrf(request)) return html(403, '<h1>Forbidden</h1>')
  const user = id === undefined ? undefined : state.users.get(id)
  if (!user?.legacyToken) return redirect('/admin/')
  user.legacyToken = ''
  return redirect(path)
})

const add = onlySuperusers((context) => {
  const { state, request } = context
  if (!hasCsrf(request)) return html(403, '<h1>Forbidden</h1>')
  const user = state.users.get(Number(formOf(request).get('user')))
  if (user === undefined || user.legacyToken !== '') {
    const said = 'Token with this User already exists.'
    return page(context, `<ul class="errorlist" id="id_user_error"><li>${said}</li></ul>`)
  }
  user.legacyToken = randomKey()
  return redirect(path)
})

const open = { isOpen: true }

/** The part of Django's admin that has the legacy tokens. It has none for personal ones. */
export const tokenAdminRoutes = [
  route('GET', path, list, open),
  route('POST', `${path}:id/delete/`, remove, open),
  route('POST', `${path}add/`, add, open),
]
