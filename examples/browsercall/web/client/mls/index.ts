/** MLS for calls, in a chunk of its own: import it dynamically. */
export { bindingType, encodeBinding, parseBinding, sameBinding, type Binding } from './binding.ts';
export { GroupError, type GroupRefusal } from './errors.ts';
export { Group, type CreateOptions, type Expected, type Handled, type Member } from './group.ts';
export { KeyPackage } from './keypackage.ts';
