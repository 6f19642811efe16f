// The frame of one page: a heading row with its actions, then the content, which scrolls or fills.
import { Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import classes from "./Page.module.css";

interface PageProps {
  title: string;
  /** Beside the title: tags, counts. */
  beside?: ReactNode;
  actions?: ReactNode;
  /** The content takes the height that is left and scrolls by itself (tables). */
  fills?: boolean;
  /** Reading width for forms and text. */
  narrow?: boolean;
  children: ReactNode;
}

export function Page({ title, beside, actions, fills, narrow, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Madang`;
  }, [title]);
  return (
    <main id="content" className={classes.page} tabIndex={-1}>
      <header className={classes.head}>
        <div className={classes.titles}>
          <Title order={1}>{title}</Title>
          {beside}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      <div className={fills ? classes.fill : classes.scroll}>
        {fills ? children : <div className={narrow ? classes.narrow : classes.wide}>{children}</div>}
      </div>
    </main>
  );
}

/** A titled block on a page. */
export function Section({
  title,
  help,
  actions,
  children,
}: {
  title?: string;
  help?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.section}>
      {(title || actions) && (
        <div className={classes.sectionHead}>
          {title && <Title order={2}>{title}</Title>}
          {actions}
        </div>
      )}
      {help && <p className={classes.help}>{help}</p>}
      {children}
    </section>
  );
}
