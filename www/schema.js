// Reading a JSON Schema as schemars writes it: references, optional values, tagged choices.

export class Schema {
  constructor(document) {
    this.document = document;
  }

  /** The schema behind references, without the possibility of null. */
  resolve(schema) {
    let current = schema ?? {};
    for (let depth = 0; depth < 16; depth += 1) {
      const [other] = (current.anyOf ?? []).filter(({ type }) => type !== "null");
      if (current.$ref) current = this.merge(this.lookUp(current.$ref), current, "$ref");
      else if (current.anyOf && other) current = this.merge(other, current, "anyOf");
      else break;
    }
    if (Array.isArray(current.type))
      current = { ...current, type: current.type.find((type) => type !== "null") };
    return current;
  }

  /** What stands beside a reference adds to what it refers to; its own words come first. */
  merge(target, around, without) {
    const { [without]: removed, ...own } = around;
    const properties =
      target.properties || own.properties
        ? { properties: { ...own.properties, ...target.properties } }
        : {};
    return { ...target, ...own, ...properties };
  }

  lookUp(reference) {
    return (
      reference
        .replace(/^#\//, "")
        .split("/")
        .reduce((inner, key) => inner?.[key], this.document) ?? {}
    );
  }

  isOptional(schema) {
    if (Array.isArray(schema?.type)) return schema.type.includes("null");
    return (schema?.anyOf ?? []).some(({ type }) => type === "null");
  }

  /** The shapes of a tagged choice: [{tag, constant, schema}]; empty for everything else. */
  variants(schema) {
    const shapes = (this.resolve(schema).oneOf ?? []).map((shape) => this.resolve(shape));
    const tagged = shapes.map((shape) => {
      const entry = Object.entries(shape.properties ?? {}).find(
        ([, property]) => "const" in property,
      );
      return entry && { tag: entry[0], constant: entry[1].const, schema: shape };
    });
    return tagged.every(Boolean) ? tagged : [];
  }

  /** The words of an enumeration: [{value, description}]; empty for everything else. */
  static words(schema) {
    if (schema.enum) return schema.enum.map((value) => ({ value }));
    const shapes = (schema.oneOf ?? []).flatMap((shape) =>
      shape.enum ? shape.enum.map((value) => ({ const: value })) : [shape],
    );
    return shapes.every((shape) => "const" in shape)
      ? shapes.map((shape) => ({ value: shape.const, description: shape.description }))
      : [];
  }

  /** Whether one control is enough for it. */
  isLeaf(schema) {
    return (
      ["number", "integer", "boolean", "string"].includes(schema.type) ||
      Schema.words(schema).length > 0 ||
      this.isPlainList(schema)
    );
  }

  /** A list of numbers or of names, which is written in one line. */
  isPlainList(schema) {
    return (
      schema.type === "array" &&
      !schema.prefixItems &&
      ["number", "integer", "string"].includes(this.resolve(schema.items).type)
    );
  }

  /** The schema at a path; `*` stands for any name. The value decides between shapes where it is given. */
  at(path, value = undefined, from = this.document) {
    let schema = this.resolve(from);
    let inner = value;
    for (const key of path) {
      schema = this.step(this.shapeOf(schema, inner), key);
      inner = inner?.[key];
    }
    return this.shapeOf(schema, inner, true);
  }

  step(schema, key) {
    if (schema.properties && key in schema.properties) return this.resolve(schema.properties[key]);
    if (typeof schema.additionalProperties === "object")
      return this.resolve(schema.additionalProperties);
    if (schema.items) return this.resolve(schema.items);
    return {};
  }

  /** The shape of a tagged choice that a value has. */
  shapeOf(schema, value, keepChoice = false) {
    const variants = this.variants(schema);
    if (variants.length === 0 || value === undefined) return schema;
    const found = variants.find(({ tag, constant }) => value?.[tag] === constant);
    return found && !keepChoice ? found.schema : schema;
  }

  /** The value that a part starts with when it is switched on. */
  initial(schema) {
    const resolved = this.resolve(schema);
    if (resolved.default !== undefined && resolved.default !== null)
      return structuredClone(resolved.default);
    if ("const" in resolved) return resolved.const;
    const words = Schema.words(resolved);
    if (words.length > 0) return words[0].value;
    const [variant] = this.variants(resolved);
    if (variant) return this.initial(variant.schema);
    if (resolved.properties) return this.initialObject(resolved);
    if (resolved.type === "array")
      return Array.from({ length: resolved.minItems ?? 0 }, () => this.initial(resolved.items));
    if (resolved.type === "boolean") return false;
    if (resolved.type === "string") return "";
    if (resolved.type === "number" || resolved.type === "integer")
      return Math.max(resolved.minimum ?? 0, Math.min(1, resolved.maximum ?? 1));
    return {};
  }

  initialObject(schema) {
    const entries = Object.entries(schema.properties)
      .filter(
        ([name, property]) =>
          schema.required?.includes(name) ||
          (property.default !== undefined && property.default !== null),
      )
      .map(([name, property]) => [name, this.initial(property)]);
    return Object.fromEntries(entries);
  }
}
