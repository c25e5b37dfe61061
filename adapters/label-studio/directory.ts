import { type LabelStudioApi, type LabelStudioUser, normalizeEmail } from './api/index.js'

/** People of the organization by e-mail address, in any spelling. */
export interface Directory {
  /**
   * Accounts that are not masked; several when Label Studio keeps spellings of one address apart. The one in lower case
   * comes first, because only that can sign in; the others by id.
   */
  find(email: string, signal?: AbortSignal): Promise<readonly LabelStudioUser[]>
  /** The next `find` asks again. */
  forget(): void
}

const freshMs = 5_000

/**
 * A directory of Community, which can only list everybody: one list serves all who ask within a few seconds, so that a
 * push of many people does not fetch everybody for each.
 */
export function communityDirectory(api: LabelStudioApi, clock: () => number = Date.now): Directory {
  let listed:
    | { readonly at: number; readonly people: Promise<Map<string, LabelStudioUser[]>> }
    | undefined
  const people = () => {
    if (!listed || clock() - listed.at > freshMs) {
      const asked = { at: clock(), people: listByEmail(api) }
      listed = asked
      asked.people.catch(() => {
        if (listed === asked) listed = undefined
      })
    }
    return listed.people
  }
  return {
    async find(email) {
      return (await people()).get(normalizeEmail(email)) ?? []
    },
    forget() {
      listed = undefined
    },
  }
}

/** A directory of Enterprise, which can search. */
export function enterpriseDirectory(api: LabelStudioApi, organization: number): Directory {
  return {
    async find(email, signal) {
      const found: LabelStudioUser[] = []
      for await (const { user } of api.members(organization).list({ search: email }, signal)) {
        if (!user.masked && normalizeEmail(user.email) === normalizeEmail(email)) found.push(user)
      }
      return found.sort(byUse)
    },
    forget() {},
  }
}

async function listByEmail(api: LabelStudioApi) {
  const byEmail = new Map<string, LabelStudioUser[]>()
  const all = await api.users.list()
  for (const user of all.filter(({ masked }) => !masked).sort(byUse)) {
    const email = normalizeEmail(user.email)
    const same = byEmail.get(email)
    if (same) same.push(user)
    else byEmail.set(email, [user])
  }
  return byEmail
}

function byUse(a: LabelStudioUser, b: LabelStudioUser): number {
  const isLower = ({ email }: LabelStudioUser) => Number(email === normalizeEmail(email))
  return isLower(b) - isLower(a) || a.id - b.id
}
