/** After `npm run test:postgres`: ends what `postgres-server.ts` started, in the same process. */
export default async function tearDown(): Promise<void> {
  const { stopPostgres } = globalThis as { stopPostgres?: () => Promise<void> }
  await stopPostgres?.()
}
