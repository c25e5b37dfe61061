import { randomBytes } from 'node:crypto'
import { LabelStudioError } from '../errors.js'
import { accountsPath, idsOfAccounts, refusedPage } from './accounts.js'
import { controlOf, readForms } from './html-form.js'
import { unknownForm } from './user-form.js'
import type { Page, Pages } from './web-session.js'

const tokensPath = '/admin/authtoken/tokenproxy/'
const personalTokensPath = '/api/token/'
const csrf = 'csrfmiddlewaretoken'

/** What lets somebody into an account after its credentials were replaced. */
export interface ReplacedCredentials {
  /** The new legacy token, which nobody else knows. */
  readonly legacyToken: string
  /**
   * Whether the account ever had a personal access token. The admin cannot show or revoke these.
   */
  readonly hadPersonalTokens: boolean
}

/** A password that nobody knows. */
export function unknownPassword(): string {
  return randomBytes(48).toString('base64url')
}

/**
 * Replaces the legacy token of an account. Without one, its account page, its API for tokens and
 * the ML backends of its projects would answer 500. Label Studio makes none by itself.
 */
export async function replaceLegacyToken(pages: Pages, id: number): Promise<string> {
  const before = await tokenPage(pages, id)
  const old = tokenIn(before, id)
  if (old !== undefined) await posted(pages, before, `${tokensPath}${id}/delete/`, ['post', 'yes'])
  await posted(pages, before, `${tokensPath}add/`, ['user', String(id)])
  const replaced = tokenIn(await tokenPage(pages, id), id)
  if (replaced === undefined || replaced === old) {
    const said = 'Label Studio took a new legacy token, but does not show it.'
    throw new LabelStudioError('unexpected', said, { maybeDone: true })
  }
  return replaced
}

/**
 * Whether an account ever had a personal access token. A version that does not know this filter
 * redirects. Releases before 1.17 have no such tokens, and no path for them.
 */
export async function hadPersonalTokens(pages: Pages, id: number): Promise<boolean> {
  const filter = 'outstandingtoken__isnull=0'
  const { status, html } = await pages.get(`${accountsPath}?id__exact=${id}&${filter}`)
  if (status === 302) {
    if ((await pages.get(personalTokensPath)).status === 404) return false
    throw unknownForm(`its list does not know the filter ${filter}`)
  }
  if (status !== 200) throw refusedPage(status)
  return idsOfAccounts(html).includes(id)
}

async function tokenPage(pages: Pages, id: number): Promise<Page> {
  const page = await pages.get(`${tokensPath}?user__id__exact=${id}`)
  if (page.status !== 200) throw refusedPage(page.status)
  return page
}

/** Each row links the account's number and shows the token. */
function tokenIn({ html }: Page, id: number): string | undefined {
  return new RegExp(`/tokenproxy/${id}/change/[^>]*>\\s*([0-9a-zA-Z]{6,40})\\s*<`).exec(html)?.[1]
}

/** Posts one value, with the CSRF token that every page of the admin has in its sign-out form. */
async function posted(pages: Pages, from: Page, path: string, entry: [string, string]) {
  const token = readForms(from.html)
    .map((form) => controlOf(form, csrf)?.value)
    .find((value) => value !== undefined)
  if (token === undefined) throw unknownForm(`it has no "${csrf}"`)
  const answer = await pages.post(path, [[csrf, token], entry])
  if (answer.status !== 302) throw refusedPage(answer.status)
}
