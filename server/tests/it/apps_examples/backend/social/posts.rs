//! Posts, what is done to them, and who follows whom.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::notifications::notify;
use super::{person, to_post};
use crate::apps_examples::backend::{Call, Done, Failure, UNAUTHORIZED, is_there, now, number, text, texts};

pub(super) fn answer(database: &Connection, call: &Call, what: &str) -> Done {
    if what == "create" {
        return create(database, call);
    }
    let (post, user) = (call.text("postId")?, call.user.id.as_str());
    let author = texts(database, "SELECT author FROM posts WHERE id = ?1", [post])?.pop().ok_or(UNAUTHORIZED)?;
    match what {
        "update" | "delete" if author != user => Err(UNAUTHORIZED),
        "update" => update(database, call, post),
        "delete" => {
            database.execute("DELETE FROM posts WHERE id = ?1", [post])?;
            Ok(told([to_post(post, "post:delete", json!({"postId": post, "authorId": author}))]))
        }
        "like" => like(database, call, post, &author),
        "comment" => comment(database, call, post, &author),
        "share" => {
            database.execute("INSERT INTO shares VALUES (?1, ?2)", [post, user])?;
            let count = number(database, "SELECT count(*) FROM shares WHERE post = ?1", [post])?;
            let person = person(database, user)?;
            let data = json!({"postId": post, "userId": user, "username": person["username"], "sharesCount": count});
            Ok(told([to_post(post, "post:share", data)]))
        }
        _ => Err(UNAUTHORIZED),
    }
}

fn told(publish: impl Into<Vec<Value>>) -> Value {
    json!({"ack": {"success": true}, "publish": publish.into()})
}

fn create(database: &Connection, call: &Call) -> Done {
    let (author, content, at) = (call.user.id.as_str(), call.text("content")?, now(database)?);
    let list = |field: &str| call.data[field].as_array().cloned().unwrap_or_default();
    let (media, hashtags) = (list("media"), list("hashtags"));
    let id = text(
        database,
        "INSERT INTO posts (author, content, media, hashtags, at) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        [author, content, &json!(media).to_string(), &json!(hashtags).to_string(), &at],
    )?;
    let followers = texts(database, "SELECT follower FROM follows WHERE following = ?1", [author])?;
    let post = json!({
        "id": id, "author": person(database, author)?, "content": content, "media": media, "hashtags": hashtags,
        "createdAt": at,
    });
    let publish = json!([{"users": followers, "namespace": "/social", "event": "post:create", "data": {"post": post}}]);
    Ok(json!({"ack": {"success": true, "post": post}, "publish": publish}))
}

fn update(database: &Connection, call: &Call, post: &str) -> Done {
    let (content, at) = (call.text("content")?, now(database)?);
    let hashtags = call.data["hashtags"].as_array().cloned().unwrap_or_default();
    let change = "UPDATE posts SET content = ?2, hashtags = ?3 WHERE id = ?1";
    database.execute(change, [post, content, &json!(hashtags).to_string()])?;
    let data = json!({"postId": post, "content": content, "hashtags": hashtags, "updatedAt": at});
    Ok(told([to_post(post, "post:update", data)]))
}

fn like(database: &Connection, call: &Call, post: &str, author: &str) -> Done {
    let (user, action) = (call.user.id.as_str(), call.text("action")?);
    let change = match action {
        "like" => "INSERT OR IGNORE INTO likes VALUES (?1, ?2)",
        _ => "DELETE FROM likes WHERE post = ?1 AND user = ?2",
    };
    let is_new = database.execute(change, [post, user])? > 0;
    let count = number(database, "SELECT count(*) FROM likes WHERE post = ?1", [post])?;
    let name = person(database, user)?["username"].clone();
    let data = json!({"postId": post, "userId": user, "username": name, "action": action, "likesCount": count});
    let mut publish = vec![to_post(post, "post:like", data)];
    if is_new && action == "like" {
        publish.extend(notify(database, "like", user, author, &json!({"post": {"id": post}}))?);
    }
    Ok(told(publish))
}

fn comment(database: &Connection, call: &Call, post: &str, author: &str) -> Done {
    let (user, content, at) = (call.user.id.as_str(), call.text("content")?, now(database)?);
    let keep = "INSERT INTO comments (post, author, content, at) VALUES (?1, ?2, ?3, ?4) RETURNING id";
    let id = text(database, keep, [post, user, content, &at])?;
    let count = number(database, "SELECT count(*) FROM comments WHERE post = ?1", [post])?;
    let comment = json!({"id": id, "author": person(database, user)?, "content": content, "createdAt": at});
    let data = json!({"postId": post, "comment": comment, "commentsCount": count});
    let about = json!({"post": {"id": post}, "comment": {"id": id}});
    let mut publish = vec![to_post(post, "post:comment", data)];
    publish.extend(notify(database, "comment", user, author, &about)?);
    for name in content.split_whitespace().filter_map(|word| word.strip_prefix('@')) {
        if is_there(database, "SELECT 1 FROM users WHERE id = ?1", [name])? {
            publish.extend(notify(database, "mention", user, name, &about)?);
        }
    }
    Ok(told(publish))
}

pub(super) fn follow(database: &Connection, call: &Call) -> Done {
    let (follower, following, action) = (call.user.id.as_str(), call.text("followingId")?, call.text("action")?);
    let change = match action {
        "follow" => "INSERT OR IGNORE INTO follows VALUES (?1, ?2)",
        _ => "DELETE FROM follows WHERE follower = ?1 AND following = ?2",
    };
    database.execute(change, [follower, following])?;
    let count = number(database, "SELECT count(*) FROM follows WHERE following = ?1", [following])?;
    let name = |user| Ok::<_, Failure>(person(database, user)?["username"].clone());
    let data = json!({
        "followerId": follower, "followerUsername": name(follower)?, "followingId": following,
        "followingUsername": name(following)?, "action": action, "followersCount": count,
    });
    let mut publish = vec![json!({"user": following, "namespace": "/social", "event": "user:follow", "data": data})];
    if action == "follow" {
        publish.extend(notify(database, "follow", follower, following, &json!({}))?);
    }
    Ok(told(publish))
}
