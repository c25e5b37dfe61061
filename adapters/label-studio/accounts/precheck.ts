import {
  type Access,
  emailOf,
  omitGroups,
  RefusedError,
  type Scope,
  storeErrorKind,
  type User,
} from '../../../lib/adapter/index.js'
import { normalizeEmail } from '../api/index.js'
import type { Edition, KnownEdition } from '../editions/edition-of.js'
import { translated } from '../failures.js'
import type { TargetParts } from '../target-parts.js'
import { addressOnTheWay, givesUp, isOnTheWay } from './adoption.js'
import { recentMs } from './directory.js'

/** Checks before anything is stored, while the client waits. */
export interface Precheck {
  /**
   * Refuses a new person if an account with their address must not be taken over, or if no seat is
   * left. If Label Studio does not answer within two seconds, the reconciler finds out later.
   * @throws RefusedError
   */
  create(scope: Scope, user: User): Promise<void>
  /** Refuses to reactivate a person if no seat is left, in the same way. @throws RefusedError */
  reactivate(scope: Scope, access: Access): Promise<void>
  /**
   * Refuses a change of the address if the account of an active person cannot be renamed, or if
   * another account has the new address. An unknown account under the old address is linked first,
   * so that nobody escapes by getting a new address.
   * @throws RefusedError, or UnavailableError when the account of a person without a link cannot be
   *   looked up, or while another account is about to give the address up
   */
  rename(scope: Scope, before: User, after: User): Promise<void>
}

const timeoutMs = 2_000
const cooldownMs = 5_000

/** Makes the precheck of one Label Studio. */
export function precheck(parts: TargetParts, edition: Edition): Precheck {
  const ask = withTimeout(edition)
  return {
    create: (scope, user) =>
      ask(async ({ accounts, target }) => {
        await accounts.check(scope, user)
        if (user.active) await target.admit(scope, undefined)
      }),
    reactivate: (scope, wanted) => ask(({ target }) => target.admit(scope, wanted)),

    async rename(scope, before, after) {
      const address = emailOf(after)
      if (address === undefined || address === emailOf(before)) return
      const account = await accountReference(parts, edition, { scope, user: before })
      if (!account || account.email === address) return
      // An inactive person's rename is allowed: their account is closed by its id, whatever its
      // address.
      if (after.active && !(await canRename(parts, scope))) throw cannotRename()
      await ask(async ({ directory }) => {
        const others = await directory.find(address, { signal: scope.signal, maxAgeMs: recentMs })
        for (const other of others) {
          if (String(other.id) !== account.id) await refuseHeld(parts, scope, other.id, address)
        }
      })
    },
  }
}

/**
 * Limits the time of a check, and skips checks for a while after a failure: the reconciler finds
 * out later.
 */
function withTimeout(edition: Edition) {
  let silentUntil = 0
  return async (question: (known: KnownEdition) => Promise<void>): Promise<void> => {
    if (performance.now() < silentUntil) return
    const answer = translated(edition().then(question))
    try {
      await inTime(answer)
    } catch (error) {
      if (storeErrorKind(error) === 'refused' || isOnTheWay(error)) throw error
      if (error !== late && storeErrorKind(error) !== 'unavailable') throw error
      silentUntil = performance.now() + cooldownMs
    }
  }
}

const late = Symbol('late')

async function inTime(answer: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), timeoutMs)
  })
  answer.catch(() => {})
  await Promise.race([answer, tooLate]).finally(() => clearTimeout(timer))
}

/**
 * The person's account: the linked one, or the one found by the old address, which is then linked.
 */
async function accountReference(
  { settings }: TargetParts,
  edition: Edition,
  { scope, user }: { readonly scope: Scope; readonly user: User },
) {
  const { access } = settings.storage
  const known = (await access.getRecord(scope, user.id))?.account
  if (known) return known
  const { accounts, directory } = await translated(edition())
  directory.forget()
  const found = await translated(accounts.find(scope, user)).catch((error: unknown) => {
    if (storeErrorKind(error) === 'refused') return undefined
    throw error
  })
  if (found) await accounts.link(scope, user, found)
  return found?.reference
}

/**
 * Refuses an address that an account has. Lists are some seconds old, so the account itself is
 * looked at.
 */
async function refuseHeld(
  parts: TargetParts,
  scope: Scope,
  id: number,
  address: string,
): Promise<void> {
  const { api, settings } = parts
  const now = await api.users.get(id, scope.signal)
  if (!now || (!now.masked && normalizeEmail(now.email) !== address)) return
  const { access, users } = settings.storage
  const record = await access.recordByAccount(scope, String(id))
  const holder = record && (await users.get(scope, record.userId, omitGroups))
  if (!holder) throw addressTaken()
  const given = { settings, canRename: await canRename(parts, scope) }
  throw (await givesUp(given, scope, { holder, address })) ? addressOnTheWay() : addressTaken()
}

/** Answered from remembered data, so that a refusal does not depend on Label Studio. */
async function canRename({ installation, admin }: TargetParts, scope: Scope): Promise<boolean> {
  const { edition } = await installation.remembered(scope)
  return edition === 'community' && admin !== undefined
}

function cannotRename(): RefusedError {
  return new RefusedError(
    'The e-mail address of an account cannot be changed in this Label Studio: ' +
      'neither its API nor, without the owner’s sign-in of a Community edition, anything ' +
      'else can do it.',
    400,
    'mutability',
  )
}

function addressTaken(): RefusedError {
  return new RefusedError(
    'Another account in Label Studio has this e-mail address.',
    409,
    'uniqueness',
  )
}
