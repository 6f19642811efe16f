// Draws the tree of `markdown.ts`.
import { Fragment } from "react";
import classes from "./Messages.module.css";
import { type Block, type Inline, parseMarkdown } from "./markdown";

export function Markdown({ source }: { source: string }) {
  // A text does not change its blocks' places once it is shown, so their index is a fair key.
  return (
    <div className={classes.markdown}>
      {parseMarkdown(source).map((block, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <BlockView key={at} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return (
        <p className={classes.heading} data-level={block.level}>
          <Line parts={block.children} />
        </p>
      );
    case "paragraph":
      return (
        <p>
          <Line parts={block.children} />
        </p>
      );
    case "quote":
      return (
        <blockquote>
          <Line parts={block.children} />
        </blockquote>
      );
    case "code":
      return <pre>{block.text}</pre>;
    case "rule":
      return <hr />;
    case "list": {
      const items = block.items.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <li key={at}>
          <Line parts={item} />
        </li>
      ));
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return (
        <table>
          <thead>
            <Row cells={block.head} tag="th" />
          </thead>
          <tbody>
            {block.rows.map((row, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: see above
              <Row key={at} cells={row} tag="td" />
            ))}
          </tbody>
        </table>
      );
  }
}

function Row({ cells, tag: Tag }: { cells: Inline[][]; tag: "th" | "td" }) {
  return (
    <tr>
      {cells.map((cell, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <Tag key={at}>
          <Line parts={cell} />
        </Tag>
      ))}
    </tr>
  );
}

function Line({ parts }: { parts: Inline[] }) {
  return parts.map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: see above
    <Fragment key={at}>{drawn(part)}</Fragment>
  ));
}

function drawn(part: Inline) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return <code>{part.text}</code>;
    case "strong":
      return (
        <strong>
          <Line parts={part.children} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Line parts={part.children} />
        </em>
      );
    case "link":
      return (
        <a href={part.href} target="_blank" rel="noopener noreferrer nofollow">
          <Line parts={part.children} />
        </a>
      );
  }
}
