import type { LabelStudioApi, RoleCode } from '../../api/index.js'

/** Roles that take no (paid) seat. */
const withoutSeat: readonly (RoleCode | undefined)[] = ['DI', 'NO', 'VO', undefined]

/** Whether a member with this role takes a seat. */
export function takesSeat(role: RoleCode | undefined): boolean {
  return !withoutSeat.includes(role)
}

/** A message if every seat is taken. */
export async function seatComplaint(
  api: LabelStudioApi,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const seats = (await api.settings.billing(signal))?.seats
  if (!seats?.reached) return undefined
  const limit = seats.limit === undefined ? '' : ` of ${seats.limit}`
  return `No seat is left in Label Studio: ${seats.count}${limit} are taken. Free one, or buy more.`
}
