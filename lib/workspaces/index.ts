export {
  type CreatedProject,
  type WorkspaceDirectory,
  workspaceDirectory,
} from './directory.js'
export { ensureWorkspaces } from './ensure.js'
export { projectsByCreator } from './workspace-index.js'
