import { ConfigurationError } from '../../../../lib/adapter/index.js'
import { normalizeEmail } from '../email.js'
import { isLabelStudioError, LabelStudioError } from '../errors.js'
import type { CallObserver } from '../http/client.js'
import { limiter } from '../http/limiter.js'
import { retrying } from '../http/retry.js'
import { connectionSettings, type LabelStudioConnection } from '../options.js'
import { listInactive, listSuperusers, searchAccounts } from './accounts.js'
import {
  hadPersonalTokens,
  type ReplacedCredentials,
  replaceLegacyToken,
  unknownPassword,
} from './credentials.js'
import {
  controlOf,
  readFormErrors,
  readForms,
  toEntries,
  withChoice,
  withText,
} from './html-form.js'
import { ensureMembership } from './membership.js'
import {
  type AdminUser,
  type AdminUserChange,
  fillUserForm,
  readUserForm,
  toAdminUser,
  unknownForm,
} from './user-form.js'
import { type Page, type Pages, webSession } from './web-session.js'

/** Options of `labelStudioAdmin`. */
export interface LabelStudioAdminOptions extends LabelStudioConnection {
  /** E-mail of the organization's owner, who is Community's first user and its superuser. */
  email: string
  /** Only sent to Label Studio's sign-in; kept in memory, never logged. */
  password: string
}

/**
 * The admin site of Label Studio Community, used as its owner for what the REST API cannot do.
 * Every call may throw `LabelStudioError` and can be repeated safely. Calls run one after another,
 * so that no call posts an outdated form, and because Label Studio on SQLite answers 500 (`database
 * is locked`) to concurrent forms. `maxConcurrent` has no effect here.
 */
export interface LabelStudioAdmin {
  /** An account, unmasked; `undefined` if there is none. */
  get(id: number, signal?: AbortSignal): Promise<AdminUser | undefined>
  /**
   * Changes an account and reads it again to verify the change. `isActive: false` ends its
   * sessions, tokens and sign-in at once; `true` brings all of them back.
   *
   * @throws LabelStudioError `notFound`
   * @throws LabelStudioError `protected` for a superuser, who must not be changed from outside
   * @throws LabelStudioError `duplicateEmail`, `invalid` (see `fields`) when a value is refused
   * @throws LabelStudioError `unexpected` when this version's form is not known, or the change did
   *   not hold
   */
  change(id: number, change: AdminUserChange, signal?: AbortSignal): Promise<AdminUser>
  /**
   * Sets an account's password, which also ends its sessions.
   *
   * @throws as `change`; `invalid` when Label Studio does not accept the password, e.g. under 8
   *   characters
   */
  setPassword(id: number, password: string, signal?: AbortSignal): Promise<void>
  /**
   * Replaces password and legacy token by new ones, which ends sign-in, sessions and the old token
   * for good. Personal access tokens stay: see `revokePersonalTokens` of the API.
   *
   * @throws as `change`
   */
  replaceCredentials(id: number, signal?: AbortSignal): Promise<ReplacedCredentials>
  /**
   * The account with exactly this address in lower case, whether or not it is a member of an
   * organization.
   */
  find(email: string, signal?: AbortSignal): Promise<AdminUser | undefined>
  /**
   * Ids of all deactivated accounts. @throws LabelStudioError `unexpected` when the list shows
   * others too
   */
  inactiveIds(signal?: AbortSignal): Promise<ReadonlySet<number>>
  /** Ids of all superusers. @throws as `inactiveIds` */
  superuserIds(signal?: AbortSignal): Promise<ReadonlySet<number>>
  /** Makes an account a member of the organization, even if it was removed from it. */
  ensureMember(id: number, organization: number, signal?: AbortSignal): Promise<void>
}

/**
 * Makes a client of Community's admin. It signs in at the first use, and again when Label Studio
 * ends its session.
 *
 * @param observe called with the outcome of each call
 * @throws ConfigurationError when an option cannot work
 */
export function labelStudioAdmin(
  options: LabelStudioAdminOptions,
  observe: CallObserver = () => {},
): LabelStudioAdmin {
  const { email, password } = options
  if (!email?.includes('@') || !password) {
    throw new ConfigurationError(
      'ERR_SCIM_LABEL_STUDIO_OPTION',
      'Options "email" and "password" must be the sign-in of Label Studio\'s owner.',
    )
  }
  const settings = connectionSettings(options)
  const session = webSession({ ...settings, email: normalizeEmail(email), password })
  const limit = limiter(1, settings.maxQueued)
  const run = <T>(
    task: (pages: Pages) => Promise<T>,
    signal?: AbortSignal,
    when: 'now' | 'later' = 'now',
  ) =>
    observed(
      observe,
      retrying(() => limit.run(() => session.run(task, signal), signal, when), {
        ...settings,
        repeatable: true,
        signal,
      }),
    )

  const later = (signal: AbortSignal | undefined): Pick<Pages, 'get'> => ({
    get: (path) => run((pages) => pages.get(path), signal, 'later'),
  })

  return {
    get: (id, signal) => run((pages) => orUndefined(readUser(pages, id)), signal),
    change: (id, change, signal) => run((pages) => changeUser(pages, id, change), signal),
    setPassword: (id, text, signal) => run((pages) => changePassword(pages, id, text), signal),
    replaceCredentials: (id, signal) => run((pages) => replaceCredentials(pages, id), signal),
    find: (email, signal) => run((pages) => findUser(pages, normalizeEmail(email)), signal),
    // One page at a time, after all changes, so that no deactivation waits for a long list.
    inactiveIds: (signal) => listInactive(later(signal)),
    superuserIds: (signal) => listSuperusers(later(signal)),
    ensureMember: (id, organization, signal) =>
      run((pages) => ensureMembership(pages, checked(id), checked(organization)), signal),
  }
}

async function observed<T>(observe: CallObserver, call: Promise<T>): Promise<T> {
  try {
    const result = await call
    observe({ template: adminTemplate })
    return result
  } catch (error) {
    observe({ template: adminTemplate, error })
    throw error
  }
}

const adminTemplate = '/admin/'
const changePath = (id: number) => `/admin/users/user/${checked(id)}/change/`
const passwordPath = (id: number) => `/admin/users/user/${checked(id)}/password/`

function checked(id: number): number {
  if (Number.isSafeInteger(id) && id > 0) return id
  throw new TypeError('The id of an account must be a positive integer.')
}

async function findUser(pages: Pages, email: string): Promise<AdminUser | undefined> {
  for (const id of await searchAccounts(pages, email)) {
    const user = await orUndefined(readUser(pages, id))
    if (user?.email === email) return user
  }
  return undefined
}

async function orUndefined(user: Promise<{ user: AdminUser }>): Promise<AdminUser | undefined> {
  try {
    return (await user).user
  } catch (error) {
    if (isLabelStudioError(error, 'notFound')) return undefined
    throw error
  }
}

async function readUser(pages: Pages, id: number) {
  const form = readUserForm(found(await pages.get(changePath(id))).html)
  return { form, user: toAdminUser(id, form) }
}

/** For an unknown id, the admin redirects to its front page. */
function found(page: Page): Page {
  if (page.status === 200) return page
  if (page.status === 302 || page.status === 404) {
    throw new LabelStudioError('notFound', 'Label Studio has no such account.')
  }
  const kind = page.status === 403 ? 'forbidden' : 'unexpected'
  throw new LabelStudioError(
    kind,
    `Label Studio's admin does not show the account (${page.status}).`,
  )
}

async function changeUser(pages: Pages, id: number, change: AdminUserChange): Promise<AdminUser> {
  const before = await readUser(pages, id)
  const wanted = { ...before.user, ...withoutUndefined(change) }
  if (isSame(before.user, wanted)) return before.user
  refuseSuperuser(before.user)
  const page = await pages.post(changePath(id), toEntries(fillUserForm(before.form, change)))
  if (page.status !== 302) throw refused(page)
  const after = await readUser(pages, id)
  if (isSame(withLowerDomain(after.user), withLowerDomain(wanted))) return after.user
  throw new LabelStudioError(
    'unexpected',
    'Label Studio took the change of an account, but shows another state afterwards.',
    { maybeDone: true },
  )
}

async function changePassword(pages: Pages, id: number, password: string): Promise<void> {
  refuseSuperuser((await readUser(pages, id)).user)
  const page = await pages.get(passwordPath(id))
  const form = readForms(page.html).find(
    (each) => controlOf(each, 'password1')?.type === 'password',
  )
  if (form === undefined || controlOf(form, 'password2') === undefined) {
    throw unknownForm('it has no "password1" and "password2"')
  }
  const texts = withText(withText(form, 'password1', password), 'password2', password)
  const answer = await pages.post(
    passwordPath(id),
    toEntries(withChoice(texts, 'usable_password', 'true')),
  )
  if (answer.status !== 302) throw refused(answer)
}

async function replaceCredentials(pages: Pages, id: number): Promise<ReplacedCredentials> {
  await changePassword(pages, id, unknownPassword())
  const legacyToken = await replaceLegacyToken(pages, id)
  return { legacyToken, hadPersonalTokens: await hadPersonalTokens(pages, id) }
}

function refuseSuperuser(user: AdminUser): void {
  if (!user.isSuperuser) return
  throw new LabelStudioError('protected', "Label Studio's owner cannot be changed from outside.")
}

function isSame(one: AdminUser, other: AdminUser): boolean {
  return (Object.keys(one) as (keyof AdminUser)[]).every((name) => one[name] === other[name])
}

/** Django saves the part after the @ in lower case, whatever the form says. */
function withLowerDomain(user: AdminUser): AdminUser {
  return { ...user, email: user.email.replace(/@.*$/, (domain) => domain.toLowerCase()) }
}

function withoutUndefined(change: AdminUserChange): AdminUserChange {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
}

/** The error for a refused form, which comes back as a page with the reasons. */
function refused({ status, html }: Page): LabelStudioError {
  const errors = readFormErrors(html)
  if (status !== 200 || errors.size === 0) {
    return new LabelStudioError(
      'unexpected',
      `Label Studio's admin refused the form (${status}).`,
      {
        status,
      },
    )
  }
  const isDuplicate = errors.get('email')?.some((text) => /already exists/i.test(text))
  const fields = [...errors.keys()]
  const detail = [...errors].map(([name, said]) => `${name}: ${said.join(' ')}`).join('; ')
  return isDuplicate
    ? new LabelStudioError('duplicateEmail', 'Another account has this e-mail.', { fields, detail })
    : new LabelStudioError('invalid', `Label Studio refused: ${fields.join(', ')}.`, {
        fields,
        detail,
      })
}

export type { AdminUser, AdminUserChange, ReplacedCredentials }
