import type { AccessStore } from '../stores/access-store.js'
import type { Adapters } from '../stores/adapters.js'

/** Adapters that can keep a ledger and pending work. */
export type AccessAdapters = Adapters & { readonly access: AccessStore }
