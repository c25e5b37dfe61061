export * from './parse-projection.js'
export * from './project.js'
