/** Runs tasks of one key one after another; tasks of different keys do not wait for each other. */
export interface KeyedLock<Key> {
  run<T>(key: Key, task: () => Promise<T>): Promise<T>
}

/** A lock that remembers a key only while a task of it is under way. */
export function keyedLock<Key>(): KeyedLock<Key> {
  const last = new Map<Key, Promise<unknown>>()
  return {
    async run(key, task) {
      const before = last.get(key)
      const current = (async () => {
        await before?.catch(() => undefined)
        return task()
      })()
      last.set(key, current)
      try {
        return await current
      } finally {
        if (last.get(key) === current) last.delete(key)
      }
    },
  }
}
