import { idsIn, refusedPage } from './accounts.js'
import {
  controlOf,
  type HtmlForm,
  readForms,
  toEntries,
  withChoice,
  withText,
} from './html-form.js'
import { unknownForm } from './user-form.js'
import type { Pages } from './web-session.js'

const membersPath = '/admin/organizations/organizationmember/'

/**
 * Makes an account a member of the organization: restores a removed membership, or adds the one
 * that is missing because Label Studio stopped between creating the account and its membership.
 */
export async function ensureMembership(
  pages: Pages,
  accountId: number,
  organization: number,
): Promise<void> {
  const list = await pages.get(
    `${membersPath}?user__id__exact=${accountId}&organization__id__exact=${organization}`,
  )
  if (list.status !== 200) throw refusedPage(list.status)
  const [membership] = idsIn(list.html, /organizationmember\/(\d{1,15})\/change\//g)
  const path =
    membership === undefined ? `${membersPath}add/` : `${membersPath}${membership}/change/`
  const form = readMembershipForm((await pages.get(path)).html)
  const isThere = membership !== undefined && controlOf(form, 'deleted_at_0')?.value === ''
  if (isThere) return
  const named = withChoice(
    withChoice(form, 'user', String(accountId)),
    'organization',
    String(organization),
  )
  const answer = await pages.post(
    path,
    toEntries(withText(withText(named, 'deleted_at_0', ''), 'deleted_at_1', '')),
  )
  if (answer.status !== 302) throw refusedPage(answer.status)
}

function readMembershipForm(html: string): HtmlForm {
  const form = readForms(html).find(({ id }) => id === 'organizationmember_form')
  if (form === undefined) throw unknownForm('there is no form "organizationmember_form"')
  for (const name of ['user', 'organization', 'deleted_at_0', 'deleted_at_1']) {
    if (controlOf(form, name) === undefined) throw unknownForm(`it has no "${name}"`)
  }
  return form
}
