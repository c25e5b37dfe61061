import type { LabelStudioApi, RoleCode } from '../../api/index.js'
import { shared } from '../../api/together.js'

/** Roles that take no (paid) seat. */
const withoutSeat: readonly (RoleCode | undefined)[] = ['DI', 'NO', 'VO', undefined]

/** Whether a member with this role takes a seat. */
export function takesSeat(role: RoleCode | undefined): boolean {
  return !withoutSeat.includes(role)
}

/** Takes a seat: returns a message if none is left. */
export type TakeSeat = (signal?: AbortSignal) => Promise<string | undefined>

/** How long free seats that Label Studio told of are taken to be free. */
const toldMs = 5_000

/** Asks Label Studio for free seats, and again after some seconds or when all those are taken. */
export function freeSeats(api: LabelStudioApi): TakeSeat {
  let [free, toldAt] = [0, Number.NEGATIVE_INFINITY]
  const ask = shared(async () => {
    const at = performance.now()
    const seats = (await api.settings.billing())?.seats
    toldAt = at
    free = seats && !seats.reached ? (seats.limit ?? Number.POSITIVE_INFINITY) - seats.count : 0
    return seats
  })
  return async (signal) => {
    const isTold = free > 0 && performance.now() - toldAt < toldMs
    const seats = isTold ? undefined : await ask(signal)
    free -= 1
    if (!seats?.reached) return undefined
    const taken = seats.limit === undefined ? seats.count : `${seats.count} of ${seats.limit}`
    return `No seat is left in Label Studio: ${taken} are taken. Free one, or buy more.`
  }
}
