import { send } from './client.js'
import { groupBody } from './data.js'
import { half } from './measures.js'
import { range } from './seed.js'
import { digits, median, table } from './statistics.js'
import type { Subject } from './subjects.js'

/** How long each step of the PUT measure takes, in milliseconds. */
interface PutTimes {
  /** A PUT that fills the empty group. */
  readonly fill: number
  /** A PUT that exchanges one member. */
  readonly change: number
}

/** Replaces a group with half of all users by PUT, as clients without PATCH do. */
async function timePuts({ server, userIds, users }: Subject): Promise<PutTimes> {
  const { baseUrl } = server
  const size = half(users)
  const group = await send('POST', `${baseUrl}/Groups`, groupBody(`Put ${performance.now()}`))
  const url = `${baseUrl}/Groups/${group['id']}`
  const put = async (members: readonly string[]) => {
    const startedAt = performance.now()
    const answer = await send('PUT', url, groupBody(String(group['displayName']), members))
    const count = (answer['members'] as unknown[] | undefined)?.length
    if (count !== size) throw new Error(`A group of ${size} came back with ${count} members.`)
    return performance.now() - startedAt
  }
  const fill = await put(userIds.slice(0, size))
  const change = await put(range(1, size + 1).map((number) => userIds[number] ?? ''))
  return { fill, change }
}

const rounds = 3

/** Times PUTs of a large group on all servers in turn, after a warm-up round. */
export async function measurePuts(subjects: readonly Subject[]): Promise<string> {
  const times = new Map<Subject, PutTimes[]>(subjects.map((subject) => [subject, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [subject, known] of times) {
      const measured = await timePuts(subject)
      if (round > 0) known.push(measured)
    }
  }
  return putTable(times)
}

/** Times of PUT next to those of the bare handler. */
function putTable(times: ReadonlyMap<Subject, readonly PutTimes[]>): string {
  const medianOf = (subject: Subject | undefined, name: keyof PutTimes) =>
    median((subject && times.get(subject)?.map((each) => each[name])) ?? [])
  const subjects = [...times.keys()]
  const bare = subjects.find(({ name }) => name === 'bare')
  const cells = (subject: Subject, name: keyof PutTimes) => {
    const time = medianOf(subject, name)
    return [digits(time), subject === bare ? '' : digits(medianOf(bare, name) / time, 2)]
  }
  return table([
    ['', 'fill ms', 'ratio', 'change one ms', 'ratio'],
    ...subjects.map((subject) => [
      `  ${subject.name}`,
      ...cells(subject, 'fill'),
      ...cells(subject, 'change'),
    ]),
  ])
}
