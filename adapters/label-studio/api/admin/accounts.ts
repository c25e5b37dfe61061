import { LabelStudioError } from '../errors.js'
import { readUserForm, toAdminUser, unknownForm } from './user-form.js'
import type { Pages } from './web-session.js'

const accountsPath = '/admin/users/user/'

/** Ids of the accounts that the admin's search finds for a text; e-mail addresses that only contain it among them. */
export async function searchAccounts(pages: Pick<Pages, 'get'>, text: string): Promise<number[]> {
  return accountsIn(await pageOf(pages, `${accountsPath}?q=${encodeURIComponent(text)}`))
}

/**
 * Ids of all accounts that are deactivated. The list is read page by page until one brings nobody new; the first of them
 * is looked at, because a version that does not know the filter would show everybody.
 */
export async function listInactive(pages: Pick<Pages, 'get'>): Promise<ReadonlySet<number>> {
  const ids = new Set<number>()
  for (let page = 1; ; page += 1) {
    const before = ids.size
    const answer = await pages.get(`${accountsPath}?is_active__exact=0&p=${page}`)
    // Django sends on from a page beyond the end.
    if (answer.status === 302 && page > 1) break
    if (answer.status !== 200) throw refusedPage(answer.status)
    for (const id of accountsIn(answer.html)) ids.add(id)
    if (ids.size === before) break
  }
  const [first] = ids
  if (first !== undefined && (await isActive(pages, first))) {
    throw unknownForm('its list does not tell who is deactivated')
  }
  return ids
}

async function isActive(pages: Pick<Pages, 'get'>, id: number): Promise<boolean> {
  const html = await pageOf(pages, `${accountsPath}${id}/change/`)
  return toAdminUser(id, readUserForm(html)).isActive
}

async function pageOf(pages: Pick<Pages, 'get'>, path: string): Promise<string> {
  const { status, html } = await pages.get(path)
  if (status !== 200) throw refusedPage(status)
  return html
}

function accountsIn(html: string): number[] {
  return idsIn(html, /\/admin\/users\/user\/(\d{1,15})\/change\//g)
}

/** Ids that a pattern finds in a page, each once. */
export function idsIn(html: string, pattern: RegExp): number[] {
  return [...new Set([...html.matchAll(pattern)].map(([, id]) => Number(id)))]
}

/** The error for a page that the admin does not show. */
export function refusedPage(status: number): LabelStudioError {
  return new LabelStudioError('unexpected', `Label Studio's admin refused (${status}).`, { status })
}
