/** Waits until the others have come as well. */
export type Arrive = () => Promise<void>

/** Where people who are worked on at the same time wait for each other. */
export interface Meetings {
  /** Before their memberships are read. */
  readonly toRead: Arrive
  /** Before memberships are given. */
  readonly toGive: Arrive
}

/**
 * Lets people who are worked on at the same time go on together from one point on, so that their
 * requests can be combined: whoever arrives waits until nobody is on the way any more, at most
 * `maxMs` after the first arrival. The result runs `work` for one person; without a call of
 * `arrive`, they count as on the way until it ends.
 */
export function meetingPoint(maxMs: number) {
  let onTheWay = 0
  let waiting: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined

  const goOn = () => {
    clearTimeout(timer)
    timer = undefined
    const all = waiting
    waiting = []
    for (const go of all) go()
  }
  return async <T>(work: (arrive: Arrive) => Promise<T>): Promise<T> => {
    let isOnTheWay = true
    onTheWay += 1
    const end = () => {
      if (!isOnTheWay) return
      isOnTheWay = false
      onTheWay -= 1
      if (onTheWay === 0) goOn()
    }
    const arrive = () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve)
        timer ??= setTimeout(goOn, maxMs)
        end()
      })
    return work(arrive).finally(end)
  }
}
