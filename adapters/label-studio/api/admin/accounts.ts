import { LabelStudioError } from '../errors.js'
import { type AdminUser, readUserForm, toAdminUser, unknownForm } from './user-form.js'
import type { Pages } from './web-session.js'

/** Where the admin lists accounts. */
export const accountsPath = '/admin/users/user/'

/**
 * Ids of the accounts that the admin's search finds for a text, including those whose address only
 * contains it.
 */
export async function searchAccounts(pages: Pick<Pages, 'get'>, text: string): Promise<number[]> {
  return idsOfAccounts(await pageOfAll(pages, `${accountsPath}?q=${encodeURIComponent(text)}`))
}

/** Ids of all accounts that are deactivated. */
export function listInactive(pages: Pick<Pages, 'get'>): Promise<ReadonlySet<number>> {
  return listWhere(pages, 'is_active__exact=0', ({ isActive }) => !isActive)
}

/** Ids of all superusers. */
export function listSuperusers(pages: Pick<Pages, 'get'>): Promise<ReadonlySet<number>> {
  return listWhere(pages, 'is_superuser__exact=1', ({ isSuperuser }) => isSuperuser)
}

/**
 * Ids of the accounts that a filter of the list finds. The list is read page by page until one
 * brings nothing new. The first account found is verified, because a version without this filter
 * would show everybody.
 */
async function listWhere(
  pages: Pick<Pages, 'get'>,
  filter: string,
  isMeant: (user: AdminUser) => boolean,
): Promise<ReadonlySet<number>> {
  const ids = new Set<number>()
  for (let page = 1; ; page += 1) {
    const before = ids.size
    const answer = await pages.get(`${accountsPath}?${filter}&p=${page}`)
    // Django redirects from a page beyond the end.
    if (answer.status === 302 && page > 1) break
    if (answer.status !== 200) throw refusedPage(answer.status)
    for (const id of idsOfAccounts(answer.html)) ids.add(id)
    if (ids.size === before) break
  }
  const [first] = ids
  if (first !== undefined && !isMeant(await accountOf(pages, first))) {
    throw unknownForm(`its list does not know the filter ${filter}`)
  }
  return ids
}

async function accountOf(pages: Pick<Pages, 'get'>, id: number): Promise<AdminUser> {
  const html = await pageOfAll(pages, `${accountsPath}${id}/change/`)
  return toAdminUser(id, readUserForm(html))
}

async function pageOfAll(pages: Pick<Pages, 'get'>, path: string): Promise<string> {
  const { status, html } = await pages.get(path)
  if (status !== 200) throw refusedPage(status)
  return html
}

/** The ids of the accounts that a list shows. */
export function idsOfAccounts(html: string): number[] {
  return idsIn(html, /\/admin\/users\/user\/(\d{1,15})\/change\//g)
}

/** The ids that a pattern finds in a page, each once. */
export function idsIn(html: string, pattern: RegExp): number[] {
  return [...new Set([...html.matchAll(pattern)].map(([, id]) => Number(id)))]
}

/** The error for a page that the admin does not show. */
export function refusedPage(status: number): LabelStudioError {
  return new LabelStudioError('unexpected', `Label Studio's admin refused (${status}).`, { status })
}
